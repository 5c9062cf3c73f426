import type { Voucher } from '../../domain/channel.ts'
import type { Hub } from '../../domain/hub.ts'
import type { MicroUsd } from '../../domain/price.ts'
import type { ProviderFrame } from '../../protocol/infer-messages.ts'

/** A provider's word that it takes a job. */
export type Accepted = Extract<ProviderFrame, { type: 'accepted' }>

/** How one job's payments reach its provider: on the job's own stream, or through a hub. */
export interface PaymentRoute {
  /** Hub that hands the payments on; null where the provider is paid directly. */
  readonly hub: Hub | null
  /** Last voucher given. */
  readonly voucher: Voucher | null
  /** Paid in all, the hub's spread included. */
  readonly paidMicroUsd: MicroUsd
  /** What of it reached the provider, without the spread, as far as is known. */
  readonly handedOnMicroUsd: MicroUsd
  /**
   * Makes ready for the first payment.
   * @throws LedgerError when a voucher that the provider shows is not this tab's own
   */
  accepted(accepted: Accepted): Promise<void>
  /**
   * Pays so that the job has been charged `chargeMicroUsd` in all; less is no harm. Never waits for the other side.
   * @throws LedgerError or HubError once nothing more can be paid
   */
  pay(chargeMicroUsd: MicroUsd): Promise<void>
  /**
   * Resolves once all that was asked to be paid has been, and was handed on.
   * @throws HubError when that cannot be brought about, or not in time
   */
  settled(): Promise<void>
  /** No more payments. */
  close(): void
}
