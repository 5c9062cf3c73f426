import { encodeAbiParameters, parseSignature } from 'viem'
import type { Address, Hex } from '../domain/bytes.ts'
import type { Signer } from '../ports/signer.ts'
import type { DepositOrder } from './authorize-deposit.ts'

/** Permit2, at the same address on every public chain; the local chain has one with the same function there. */
export const permit2Address: Address = '0x000000000022D473030F116dDEE9F6B43aC78BA3'

/** Permit2's transfer that its owner signs, bound to a channel as x402 has it. */
const witnessTransferTypes = {
  PermitWitnessTransferFrom: [
    { name: 'permitted', type: 'TokenPermissions' },
    { name: 'spender', type: 'address' },
    { name: 'nonce', type: 'uint256' },
    { name: 'deadline', type: 'uint256' },
    { name: 'witness', type: 'DepositWitness' },
  ],
  TokenPermissions: [
    { name: 'token', type: 'address' },
    { name: 'amount', type: 'uint256' },
  ],
  DepositWitness: [{ name: 'channelId', type: 'bytes32' }],
} as const

/** EIP-2612: an allowance that its owner signs. */
const permitTypes = {
  Permit: [
    { name: 'owner', type: 'address' },
    { name: 'spender', type: 'address' },
    { name: 'value', type: 'uint256' },
    { name: 'nonce', type: 'uint256' },
    { name: 'deadline', type: 'uint256' },
  ],
} as const

/** How the Permit2 collector takes an authorisation: nonce, deadline, signature, and an allowance or nothing. */
export const permit2DataTypes = [
  { type: 'uint256' },
  { type: 'uint256' },
  { type: 'bytes' },
  { type: 'bytes' },
] as const

/** Signs a deposit by Permit2 and returns it as the collector takes it. `allowance` is empty where there is one. */
export async function signPermit2Deposit(payer: Signer, order: DepositOrder, allowance: Hex): Promise<Hex> {
  const { chainId, verifyingContract: token } = order.token
  const signature = await payer.signTypedData({
    domain: { name: 'Permit2', chainId, verifyingContract: permit2Address },
    types: witnessTransferTypes,
    primaryType: 'PermitWitnessTransferFrom',
    message: {
      permitted: { token, amount: order.amount },
      spender: order.collector,
      nonce: order.salt,
      deadline: order.validBefore,
      witness: { channelId: order.channelId },
    },
  })
  return encodeAbiParameters(permit2DataTypes, [order.salt, order.validBefore, signature, allowance])
}

/** An allowance for Permit2 of just one deposit, under the token's EIP-712 domain. */
export type Allowance = Pick<DepositOrder, 'amount' | 'validBefore' | 'token'>

/** Signs an allowance for Permit2 and returns it as the collector takes it. */
export async function signPermit2Allowance(
  payer: Signer,
  { amount, validBefore, token }: Allowance,
  nonce: bigint,
): Promise<Hex> {
  const signature = await payer.signTypedData({
    domain: token,
    types: permitTypes,
    primaryType: 'Permit',
    message: { owner: payer.address, spender: permit2Address, value: amount, nonce, deadline: validBefore },
  })
  const { r, s, yParity } = parseSignature(signature)
  return encodeAbiParameters(
    [{ type: 'uint256' }, { type: 'uint256' }, { type: 'uint8' }, { type: 'bytes32' }, { type: 'bytes32' }],
    [amount, validBefore, 27 + yParity, r, s],
  )
}
