import { encodeAbiParameters, keccak256 } from 'viem'
import type { Address, Hex } from '../domain/bytes.ts'
import type { MicroUsd } from '../domain/price.ts'
import type { Signer, TypedData } from '../ports/signer.ts'

/** How long a signed deposit or transfer may be sent, in seconds. */
export const authorizationSeconds = 3600

/** EIP-3009 type that a payer signs for a deposit. */
const receiveAuthorizationTypes = {
  ReceiveWithAuthorization: [
    { name: 'from', type: 'address' },
    { name: 'to', type: 'address' },
    { name: 'value', type: 'uint256' },
    { name: 'validAfter', type: 'uint256' },
    { name: 'validBefore', type: 'uint256' },
    { name: 'nonce', type: 'bytes32' },
  ],
} as const

/** How the EIP-3009 collector takes an authorisation: valid after, valid before, salt and signature. */
export const collectorDataTypes = [
  { type: 'uint256' },
  { type: 'uint256' },
  { type: 'uint256' },
  { type: 'bytes' },
] as const

/** What a payer signs for: one deposit into one channel. */
export type DepositOrder = {
  channelId: Hex
  payer: Address
  amount: MicroUsd
  collector: Address
  /** EIP-712 domain of the token. */
  token: TypedData['domain']
  /** 256 random bits; they make the authorisation serve once. */
  salt: bigint
  /** Unix time in seconds until which the deposit may be made. */
  validBefore: bigint
}

/** Returns the EIP-3009 nonce of a deposit: `keccak256(abi.encode(channelId, salt))`, as x402 has it. */
export function depositNonce(channelId: Hex, salt: bigint): Hex {
  return keccak256(encodeAbiParameters([{ type: 'bytes32' }, { type: 'uint256' }], [channelId, salt]))
}

/** Returns the typed data by which a payer lets the collector take a deposit for one channel. */
export function depositAuthorization(order: DepositOrder) {
  return {
    domain: order.token,
    types: receiveAuthorizationTypes,
    primaryType: 'ReceiveWithAuthorization',
    message: {
      from: order.payer,
      to: order.collector,
      value: order.amount,
      validAfter: 0n,
      validBefore: order.validBefore,
      nonce: depositNonce(order.channelId, order.salt),
    },
  } as const
}

/** Signs a deposit and returns it as the collector takes it. */
export async function signDeposit(payer: Signer, order: DepositOrder): Promise<Hex> {
  const signature = await payer.signTypedData(depositAuthorization(order))
  return encodeAbiParameters(collectorDataTypes, [0n, order.validBefore, order.salt, signature])
}
