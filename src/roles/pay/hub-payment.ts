import type { Voucher } from '../../domain/channel.ts'
import { type Hub, type HubJob, withSpread } from '../../domain/hub.ts'
import type { Offer } from '../../domain/offer.ts'
import type { MicroUsd } from '../../domain/price.ts'
import { HubError } from '../../errors/index.ts'
import { signHubJob } from '../../ledger/sign-hub.ts'
import { within } from '../common/within.ts'
import { JobPromises, type JobPromisesDeps, type PromisingChannel } from './job-promises.ts'
import { type LinePayment, type OpenFrame, type Opened, PayLine, type PayLineDeps } from './pay-line.ts'
import type { PaymentRoute } from './payment-route.ts'

/** How long the end of an answer waits for the hub's word that its last payment was handed on. */
const settleTimeoutMs = 10_000

/** What a job is paid through a hub with. */
export type HubPaymentDeps = PayLineDeps & JobPromisesDeps

/** A job, the hub that pays its provider, and the channel to the hub. */
export type HubPaymentJob = {
  hub: Hub
  job: HubJob
  /** What it was offered by, which the hub holds the provider's channel against. */
  offer: Pick<Offer, 'peerId' | 'listingId'>
  channel: PromisingChannel
}

/**
 * Pays one job through a hub, one payment under way at a time. What falls due meanwhile waits for the hub's word and
 * goes out in one, so that a hub which hands nothing on never holds more than one payment ahead of its provider.
 * Tokens do not wait.
 */
export class HubPayment implements PaymentRoute {
  readonly hub: Hub
  voucher: Voucher | null = null
  /** Charges of the job: to be paid, promised to the hub, and confirmed by it. */
  #wanted: MicroUsd = 0n
  #promised: MicroUsd = 0n
  #handedOn: MicroUsd = 0n
  #failure: Error | null = null
  #turn: Promise<void> = Promise.resolve()
  #changed = Promise.withResolvers<void>()
  readonly #line: PayLine
  readonly #promises: JobPromises
  readonly #deps: HubPaymentDeps

  private constructor({ hub, channel }: HubPaymentJob, open: OpenFrame, deps: HubPaymentDeps) {
    this.hub = hub
    this.#deps = deps
    this.#promises = new JobPromises(channel, deps)
    this.#line = new PayLine(hub.peerId, open, deps, {
      onReopened: (opened, refusal) => this.#resume(opened, refusal),
      onPaid: (chargeMicroUsd) => this.#onPaid(chargeMicroUsd),
      onFailed: (error) => this.#fail(error),
    })
  }

  /**
   * Opens the job at its hub, which reserves its money and announces it to the provider.
   * @throws HubError why the hub refuses; LedgerError when it shows a voucher that is not this browser's own
   */
  static async open(paid: HubPaymentJob, deps: HubPaymentDeps): Promise<HubPayment> {
    const { channelId: _, ...job } = paid.job
    const signature = await signHubJob(paid.job, deps.chain.network, deps.session)
    const { peerId: tab, listingId } = paid.offer
    const channel = paid.channel.record.config
    const open: OpenFrame = { type: 'open', ...job, tab, listingId, channel, signature }
    const payment = new HubPayment(paid, open, deps)
    const opened = await payment.#line.open()
    try {
      await payment.#promises.start(opened)
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

  settled(): Promise<void> {
    const unpaid = () => new HubError('hub/unpaid', 'The hub did not say that it has paid the tab.')
    return within(settleTimeoutMs, this.#untilHandedOn(), unpaid, this.#deps.clock)
  }

  close(): void {
    this.#line.close()
  }

  async #untilHandedOn(): Promise<void> {
    while (this.#handedOn < this.#wanted) {
      if (this.#failure) throw this.#failure
      await this.#changed.promise
    }
  }

  /** Signs the next payment unless one is under way. */
  #advance(): Promise<void> {
    const turn = this.#turn.then(async () => {
      if (this.#failure || this.#handedOn < this.#promised || this.#wanted <= this.#promised) return
      const chargeMicroUsd = this.#wanted
      const voucher = await this.#promises.raise(this.#between(this.#promised, chargeMicroUsd))
      this.voucher = voucher
      this.#promised = chargeMicroUsd
      this.#line.send({ chargeMicroUsd, voucher })
    })
    this.#turn = turn.catch(() => {})
    return turn
  }

  #onPaid(chargeMicroUsd: MicroUsd): void {
    if (chargeMicroUsd <= this.#handedOn) return
    // More than was promised is not believed.
    this.#handedOn = chargeMicroUsd < this.#promised ? chargeMicroUsd : this.#promised
    this.#tell()
    this.#advance().catch((error: Error) => this.#fail(error))
  }

  /** Returns the payment under way, if there is one. */
  async #resume(opened: Opened, refusal: HubError | null): Promise<LinePayment | null> {
    this.#onPaid(opened.chargeMicroUsd)
    await this.#turn
    if (this.#handedOn >= this.#promised || this.voucher === null) return null
    if (refusal?.details === 'ledger/unattributed') {
      this.voucher = await this.#promises.makeUp(this.#between(this.#handedOn, this.#promised), opened)
    }
    return { chargeMicroUsd: this.#promised, voucher: this.voucher }
  }

  /** What the requester pays for a rise of the charge, the spread included. */
  #between(fromMicroUsd: MicroUsd, toMicroUsd: MicroUsd): MicroUsd {
    return withSpread(toMicroUsd, this.hub) - withSpread(fromMicroUsd, this.hub)
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
