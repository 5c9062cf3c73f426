import { type Voucher, promisedBy } from '../../domain/channel.ts'
import { type Hub, type HubJob, withSpread } from '../../domain/hub.ts'
import type { MicroUsd } from '../../domain/price.ts'
import { HubError, LedgerError } from '../../errors/index.ts'
import { signHubJob } from '../../ledger/sign-hub.ts'
import type { ChannelRecord } from '../../ports/index.ts'
import type { PaymentRoute } from '../payment-route.ts'
import { type PromiseDeps, payerEnd } from '../payer-channels.ts'
import { type LinePayment, type OpenFrame, type Opened, PayLine, type PayLineDeps } from './pay-line.ts'

/** How long the end of an answer waits for the hub's word that its last payment was handed on. */
const settleTimeoutMs = 10_000

/** What a job is paid through a hub with. */
export type HubPaymentDeps = PayLineDeps & PromiseDeps

/** A job, the hub that pays its provider, and the channel to the hub. */
export type HubPaymentJob = {
  hub: Hub
  job: HubJob
  record: ChannelRecord
  /** What the channel holds, as the chain said last. */
  balanceMicroUsd: MicroUsd
  /** Whether this tab pays for nothing else from the channel now. */
  isAlone: () => boolean
}

/**
 * Pays one job through a hub: one voucher more on a channel that many jobs share, one payment under way at a time.
 * What falls due meanwhile waits for the hub's word and goes out in one, so that a hub which hands nothing on never
 * holds more than one payment ahead of its provider. Tokens do not wait.
 */
export class HubPayment implements PaymentRoute {
  readonly hub: Hub
  voucher: Voucher | null = null
  #wanted: MicroUsd = 0n
  #promised: MicroUsd = 0n
  #handedOn: MicroUsd = 0n
  /** Promised before, sent or not, and used up by no job: it pays first. */
  #unused: MicroUsd = 0n
  /** Taken from it. */
  #usedUp: MicroUsd = 0n
  /** Promised again, because other jobs have used up what was to pay this one. */
  #madeUp: MicroUsd = 0n
  #largestDue: MicroUsd = 0n
  #limitMicroUsd: MicroUsd
  #failure: Error | null = null
  #turn: Promise<void> = Promise.resolve()
  #changed = Promise.withResolvers<void>()
  readonly #line: PayLine
  readonly #job: HubPaymentJob
  readonly #deps: HubPaymentDeps

  private constructor(job: HubPaymentJob, open: OpenFrame, deps: HubPaymentDeps) {
    this.hub = job.hub
    this.#job = job
    this.#deps = deps
    this.#limitMicroUsd = job.balanceMicroUsd
    this.#line = new PayLine(job.hub.peerId, open, deps, {
      onReopened: (opened, refusal) => this.#resume(opened, refusal),
      onPaid: (chargeMicroUsd) => this.#onPaid(chargeMicroUsd),
      onFailed: (error) => this.#fail(error),
    })
  }

  /**
   * Opens the job at its hub, which reserves its money and announces it to the provider.
   * @throws HubError why the hub refuses
   */
  static async open(job: HubPaymentJob, deps: HubPaymentDeps): Promise<HubPayment> {
    const { channelId: _, ...hubJob } = job.job
    const signature = await signHubJob(job.job, deps.chain.network, deps.session)
    const open: OpenFrame = { type: 'open', ...hubJob, channel: job.record.config, signature }
    const payment = new HubPayment(job, open, deps)
    const opened = await payment.#line.open()
    try {
      await payment.#start(opened)
      return payment
    } catch (error) {
      payment.close()
      throw error
    }
  }

  get paidMicroUsd(): MicroUsd {
    return withSpread(this.#promised, this.hub)
  }

  get handedOnMicroUsd(): MicroUsd {
    return this.#handedOn
  }

  async accepted(): Promise<void> {}

  async pay(chargeMicroUsd: MicroUsd): Promise<void> {
    if (this.#failure) throw this.#failure
    if (chargeMicroUsd > this.#wanted) this.#wanted = chargeMicroUsd
    await this.#advance()
  }

  async settled(): Promise<void> {
    const over = new AbortController()
    const late = this.#deps.clock.sleep(settleTimeoutMs, over.signal).then(
      () => Promise.reject(new HubError('hub/unpaid', 'The hub did not say that it has paid the tab.')),
      () => {},
    )
    try {
      while (this.#handedOn < this.#wanted) {
        if (this.#failure) throw this.#failure
        await Promise.race([this.#changed.promise, late])
      }
    } finally {
      over.abort()
    }
  }

  close(): void {
    this.#line.close()
  }

  /** Takes over what the hub holds and this tab forgot, and finds what earlier answers left unused. */
  async #start({ heldVoucher, attributedMicroUsd }: Opened): Promise<void> {
    const channel = payerEnd(this.#job.record, 0n, this.#deps)
    if (heldVoucher && heldVoucher.maxClaimableAmount > (await channel.promised())) {
      await channel.adopt(heldVoucher)
    }
    const unused = (await channel.promised()) - attributedMicroUsd
    // Another answer of this tab may have promised it a moment ago. One in another tab may, too: the hub then takes its
    // payment only once more is promised, which that tab does.
    if (this.#job.isAlone() && unused > 0n) this.#unused = unused
  }

  /** Signs the next payment unless one is under way. */
  #advance(): Promise<void> {
    const turn = this.#turn.then(async () => {
      if (this.#failure || this.#handedOn < this.#promised || this.#wanted <= this.#promised) return
      const charge = this.#wanted
      const rise = withSpread(charge, this.hub) - withSpread(this.#promised, this.hub)
      const fromUnused = rise < this.#unused ? rise : this.#unused
      this.voucher = await this.#promiseMore(rise - fromUnused)
      this.#unused -= fromUnused
      this.#usedUp += fromUnused
      this.#promised = charge
      this.#line.send({ chargeMicroUsd: charge, voucher: this.voucher })
    })
    this.#turn = turn.catch(() => {})
    return turn
  }

  #onPaid(chargeMicroUsd: MicroUsd): void {
    if (chargeMicroUsd <= this.#handedOn) return
    // More than was asked is not believed.
    this.#handedOn = chargeMicroUsd < this.#promised ? chargeMicroUsd : this.#promised
    this.#tell()
    this.#advance().catch((error: Error) => this.#fail(error))
  }

  /** Returns the payment under way, made up for where vouchers were used up by another job. */
  async #resume({ chargeMicroUsd, attributedMicroUsd }: Opened, refusal: HubError | null) {
    this.#onPaid(chargeMicroUsd)
    await this.#turn
    if (this.#handedOn >= this.#promised) return null
    if (refusal?.details === 'ledger/unattributed') {
      const due = withSpread(this.#promised, this.hub) - withSpread(this.#handedOn, this.hub)
      const missing = due - ((await this.#promisedInAll()) - attributedMicroUsd)
      this.voucher = await this.#promiseMore(this.#makeUp(missing, due))
    }
    return this.voucher
      ? ({ chargeMicroUsd: this.#promised, voucher: this.voucher } satisfies LinePayment)
      : null
  }

  /** Returns a voucher that promises so much more, or the highest one where nothing is missing. */
  async #promiseMore(rise: MicroUsd): Promise<Voucher> {
    const { record } = this.#job
    const promise = async () => {
      const channel = payerEnd(record, this.#limitMicroUsd, this.#deps)
      return rise > 0n ? channel.promiseMore(rise) : channel.promise(await channel.promised())
    }
    try {
      return await promise()
    } catch (error) {
      if (!(error instanceof LedgerError && error.code === 'ledger/over-balance')) throw error
      // Other answers promise from this channel too, and may have deposited for it.
      this.#limitMicroUsd = (await this.#deps.chain.channel(record.channelId)).balance
      return promise()
    }
  }

  /**
   * Returns how much to promise again where the hub says that other jobs have used up what was to pay this one. That
   * happens between tabs; a hub that only says so gets one payment of the job twice and no more.
   */
  #makeUp(missing: MicroUsd, due: MicroUsd): MicroUsd {
    if (missing <= 0n) return 0n
    if (due > this.#largestDue) this.#largestDue = due
    this.#madeUp += missing
    if (this.#madeUp <= this.#usedUp + this.#largestDue) return missing
    throw new HubError('hub/unpaid', 'The hub says that what it was given is used up, more than can be.')
  }

  async #promisedInAll(): Promise<MicroUsd> {
    const kept = await this.#deps.vouchers.channel(this.#job.record.channelId, 'payer')
    return promisedBy(kept?.voucher)
  }

  #fail(error: Error): void {
    this.#failure ??= error
    this.#tell()
  }

  #tell(): void {
    const { resolve } = this.#changed
    this.#changed = Promise.withResolvers<void>()
    resolve()
  }
}
