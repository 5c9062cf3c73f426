import type { Hex } from '../../../src/domain/bytes.ts'
import type { Voucher } from '../../../src/domain/channel.ts'
import type { MicroUsd } from '../../../src/domain/price.ts'
import { LedgerError } from '../../../src/errors/index.ts'
import type { Clock } from '../../../src/ports/index.ts'
import type { RelayLog } from '../../log.ts'
import type { FeeRecord, HubStore } from '../books/hub-store.ts'

/** Where fees are kept. */
export type PayerFeesDeps = { store: HubStore; clock: Pick<Clock, 'nowMs'>; log: RelayLog }

/** What a channel owes, and for which deposits. */
type Owed = { feeMicroUsd: MicroUsd; deposits: Hex[] }

/** Fees that payers' channels pay by voucher, and those that they still owe. */
export class PayerFees {
  readonly #deps: PayerFeesDeps
  readonly #owed = new Map<Hex, Owed>()

  constructor(deps: PayerFeesDeps) {
    this.#deps = deps
  }

  /** Returns a fee together with what its channel owes from before. */
  due(channelId: Hex, feeMicroUsd: MicroUsd): MicroUsd {
    return feeMicroUsd + (this.#owed.get(channelId)?.feeMicroUsd ?? 0n)
  }

  /** Whether the fee for a deposit is kept or owed already. */
  async isChargedFor(channelId: Hex, deposit: Hex): Promise<boolean> {
    if (this.#owed.get(channelId)?.deposits.includes(deposit)) return true
    return this.#deps.store.hasFeeFor(deposit)
  }

  /** Keeps the fee for a deposit that was made. One that a job's payment has spent meanwhile is owed from then on. */
  async collect(fee: Required<Omit<FeeRecord, 'atMs'>>, voucher: Voucher): Promise<void> {
    const { store, clock, log } = this.#deps
    const { channelId, feeMicroUsd } = fee
    try {
      await store.addFee({ ...fee, atMs: clock.nowMs() }, voucher)
      this.forget(channelId)
    } catch (error) {
      if (!(error instanceof LedgerError)) throw error
      const deposits = [...(this.#owed.get(channelId)?.deposits ?? []), fee.deposit]
      this.#owed.set(channelId, { feeMicroUsd, deposits })
      log('hub-fee-owed', { feeMicroUsd: Number(feeMicroUsd), code: error.code })
    }
  }

  /** A channel has paid all that it owed. */
  forget(channelId: Hex): void {
    this.#owed.delete(channelId)
  }
}
