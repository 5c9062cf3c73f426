import type { Hex } from '../domain/bytes.ts'
import type { MicroUsd } from '../domain/price.ts'

/** Money that moved between the wallet and somewhere else. */
export type Movement = {
  key: string
  kind: 'test-funds' | 'deposit' | 'withdrawal' | 'sent'
  atMs: number
  amountMicroUsd: MicroUsd
  /** Taken by the relay that sent it. */
  feeMicroUsd: MicroUsd
  /** Null where this page was not told. */
  transaction: Hex | null
  /** Where a deposit went; null for all else, and where this page was not told. */
  channelId: Hex | null
}
