import type { Voucher } from '../../domain/channel.ts'
import type { MicroUsd } from '../../domain/price.ts'
import { HubError, LedgerError } from '../../errors/index.ts'
import type { PayerChannel } from '../../ledger/payer-channel.ts'
import type { ChannelRecord } from '../../ports/index.ts'
import { type PromiseDeps, payerEnd } from '../fund/payer-channels.ts'
import { type RefundFeesDeps, addRefundFee } from '../fund/refund-fees.ts'
import type { Opened } from './pay-line.ts'

/** A channel that many jobs are paid from, as one of them finds it. */
export type PromisingChannel = {
  record: ChannelRecord
  /** What the channel holds, as the chain said last. */
  balanceMicroUsd: MicroUsd
  /** Whether this tab pays for nothing else from it now. */
  isAlone: () => boolean
}

/** What jobs' promises are signed and kept with. */
export type JobPromisesDeps = PromiseDeps & RefundFeesDeps

/** What one job promises on a channel that other jobs promise on at the same time. */
export class JobPromises {
  #limitMicroUsd: MicroUsd
  /** Promised before, sent or not, and used up by no job: it pays first. */
  #unused: MicroUsd = 0n
  #takenFromUnused: MicroUsd = 0n
  /** Promised again, because other jobs have used up what was to pay this one. */
  #madeUp: MicroUsd = 0n
  #largestDue: MicroUsd = 0n
  readonly #channel: PromisingChannel
  readonly #deps: JobPromisesDeps

  constructor(channel: PromisingChannel, deps: JobPromisesDeps) {
    this.#channel = channel
    this.#deps = deps
    this.#limitMicroUsd = channel.balanceMicroUsd
  }

  /**
   * Takes over what the hub holds and this browser forgot, and finds what earlier answers left unused.
   * @throws LedgerError when the hub's voucher is not this browser's own
   */
  async start({ heldVoucher, attributedMicroUsd }: Opened): Promise<void> {
    const payer = this.#payer()
    if (heldVoucher && heldVoucher.maxClaimableAmount > (await payer.promised())) {
      await payer.adopt(heldVoucher)
    }
    const unused = (await payer.promised()) - attributedMicroUsd
    // Another answer of this tab may have promised it a moment ago. One in another tab may, too: the hub then takes its
    // payment only once more is promised, which that tab does.
    if (this.#channel.isAlone() && unused > 0n) this.#unused = unused
  }

  /** Returns a voucher under which the job may take `rise` more. */
  async raise(rise: MicroUsd): Promise<Voucher> {
    const fromUnused = rise < this.#unused ? rise : this.#unused
    const voucher = await this.#promiseMore(rise - fromUnused)
    this.#unused -= fromUnused
    this.#takenFromUnused += fromUnused
    // What an answer uses up pays for no refund any more.
    if (fromUnused > 0n) await addRefundFee(this.#channel.record.channelId, -fromUnused, this.#deps)
    return voucher
  }

  /**
   * Returns a voucher that covers what the job was to take, where the hub says that other jobs have used up what was
   * promised. That happens between tabs; a hub that only says so gets one payment of the job twice and no more.
   * @throws HubError `hub/unpaid` when it wants more than that
   */
  async makeUp(due: MicroUsd, { attributedMicroUsd }: Opened): Promise<Voucher> {
    const missing = due - ((await this.#payer().promised()) - attributedMicroUsd)
    if (missing <= 0n) return this.#promiseMore(0n)
    if (due > this.#largestDue) this.#largestDue = due
    this.#madeUp += missing
    if (this.#madeUp <= this.#takenFromUnused + this.#largestDue) return this.#promiseMore(missing)
    throw new HubError('hub/unpaid', 'The hub says that what it was given is used up, more than can be.')
  }

  /** Returns a voucher that promises so much more, or the highest one where nothing is missing. */
  async #promiseMore(rise: MicroUsd): Promise<Voucher> {
    try {
      return await this.#payer().promiseMore(rise)
    } catch (error) {
      if (!(error instanceof LedgerError && error.code === 'ledger/over-balance')) throw error
      // Other answers promise from this channel too, and may have deposited for it.
      const { channelId } = this.#channel.record
      this.#limitMicroUsd = (await this.#deps.chain.channel(channelId)).balance
      return this.#payer().promiseMore(rise)
    }
  }

  #payer(): PayerChannel {
    return payerEnd(this.#channel.record, this.#limitMicroUsd, this.#deps)
  }
}
