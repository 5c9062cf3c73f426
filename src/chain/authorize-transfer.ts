import { toHex } from 'viem'
import type { TransferAuthorization } from '../domain/authorization.ts'
import type { Address, Hex } from '../domain/bytes.ts'
import type { MicroUsd } from '../domain/price.ts'
import type { Signer, TypedData } from '../ports/signer.ts'

/** EIP-3009 type that an owner signs to move money, whoever sends it. */
const transferAuthorizationTypes = {
  TransferWithAuthorization: [
    { name: 'from', type: 'address' },
    { name: 'to', type: 'address' },
    { name: 'value', type: 'uint256' },
    { name: 'validAfter', type: 'uint256' },
    { name: 'validBefore', type: 'uint256' },
    { name: 'nonce', type: 'bytes32' },
  ],
} as const

/** Returns the typed data of a move of money. */
export function transferAuthorization(
  { from, to, amount, validBeforeSeconds, nonce }: Omit<TransferAuthorization, 'signature'>,
  token: TypedData['domain'],
) {
  return {
    domain: token,
    types: transferAuthorizationTypes,
    primaryType: 'TransferWithAuthorization',
    message: {
      from,
      to,
      value: amount,
      validAfter: 0n,
      validBefore: BigInt(validBeforeSeconds),
      nonce,
    },
  } as const
}

/** Signs a move of money, under a fresh random nonce unless one is given. */
export async function signTransfer(
  order: { to: Address; amount: MicroUsd; validBeforeSeconds: number; nonce?: Hex },
  token: TypedData['domain'],
  owner: Signer,
): Promise<TransferAuthorization> {
  const nonce = order.nonce ?? toHex(crypto.getRandomValues(new Uint8Array(32)))
  const transfer = { from: owner.address, ...order, nonce }
  return { ...transfer, signature: await owner.signTypedData(transferAuthorization(transfer, token)) }
}
