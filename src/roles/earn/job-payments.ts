import type { Voucher } from '../../domain/channel.ts'
import type { MicroUsd } from '../../domain/price.ts'
import type { ReceiverChannel } from '../../ledger/receiver-channel.ts'

/** What one job is paid, whichever way the money comes. */
export interface JobPayments {
  /** What the job has been paid so far. */
  paidMicroUsd(): MicroUsd
  /** Calls back after each payment, also one that comes when the job is over. Returns an unsubscribe. */
  watchPaid(onPaid: () => void): () => void
  /**
   * Takes a voucher that came on the job's own stream.
   * @throws LedgerError for a bad one, ProtocolError `protocol/unexpected-frame` where a hub pays
   */
  take(voucher: Voucher): Promise<void>
}

/** Returns the payments of a job whose requester hands its vouchers over itself. */
export function directPayments(channel: ReceiverChannel): JobPayments {
  const listeners = new Set<() => void>()
  return {
    paidMicroUsd: () => channel.paidMicroUsd(),
    watchPaid(onPaid) {
      listeners.add(onPaid)
      return () => listeners.delete(onPaid)
    },
    async take(voucher) {
      await channel.accept(voucher)
      for (const listener of listeners) listener()
    },
  }
}
