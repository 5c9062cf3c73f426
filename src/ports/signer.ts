import type { Address, Hex } from '../domain/bytes.ts'

/** EIP-712 typed data. */
export type TypedData = {
  domain: { name: string; version?: string; chainId: number; verifyingContract: Address }
  types: Record<string, readonly { name: string; type: string }[]>
  primaryType: string
  message: Record<string, unknown>
}

/** A key that signs typed data and, where it pays for gas, transactions. */
export interface Signer {
  readonly address: Address
  signTypedData(data: TypedData): Promise<Hex>
  /** Signs a prepared transaction and returns it serialised; absent on session keys. */
  signTransaction?(transaction: Record<string, unknown>): Promise<Hex>
  /** Signs a call, sends it by its own way to the chain and returns its hash: what a wallet does in place of the above. */
  sendTransaction?(call: { to: Address; data: Hex; gas: bigint }): Promise<Hex>
}
