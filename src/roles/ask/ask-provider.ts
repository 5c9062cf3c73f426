import { type Hex, toHex } from '../../domain/bytes.ts'
import { type Hub, withSpread } from '../../domain/hub.ts'
import type { Deal, JobTerms, Work } from '../../domain/job.ts'
import { largestCharge } from '../../domain/largest-charge.ts'
import type { Offer } from '../../domain/offer.ts'
import type { MicroUsd } from '../../domain/price.ts'
import { BaseError, HubError, MarketError } from '../../errors/index.ts'
import { signJob } from '../../ledger/sign-job.ts'
import type { ChannelRecord, FrameStream } from '../../ports/index.ts'
import { inferProtocol } from '../../protocol/protocols.ts'
import { fundChannel } from '../fund/fund-channel.ts'
import type { FundedHubChannel, HubFunding, HubFundingDeps } from '../fund/fund-hub-channel.ts'
import type { FundingStep } from '../fund/payer-channels.ts'
import type { OpenText } from '../models/open-text.ts'
import { DirectPayment } from '../pay/direct-payment.ts'
import { HubPayment } from '../pay/hub-payment.ts'
import type { RequestedTask } from '../tasks/witness.ts'
import type { AskEvent } from './ask-event.ts'
import { type JobRoute, type RunJobDeps, runJob } from './run-job.ts'
import { unlessAborted } from './unless-aborted.ts'

/** Channels to one provider that are tried: each may pay for an answer in another tab of this browser. */
const maxChannels = 4
/** A stream that has been open for longer without its job is opened anew. */
const idleStreamMs = 5_000

/** All that asking one provider and paying it takes. */
export type AskDeps = HubFundingDeps & RunJobDeps & { openText: OpenText; funding: HubFunding }

type Draft<work> = Omit<Deal, 'channelId'> & { work: work }
type Funding<funded> = AsyncGenerator<FundingStep, funded, void>

/**
 * Asks one provider and pays it, through the hub where one is given.
 * @returns the result; `error` is set when it broke off on the way
 * @throws BaseError when nothing of worth was received and nothing paid
 */
export async function* askProvider<work extends Work, result>(
  task: RequestedTask<work, result>,
  offer: Offer,
  hub: Hub | null,
  deps: AskDeps,
  signal: AbortSignal,
): AsyncGenerator<AskEvent, result, void> {
  const { provider, price } = offer
  const { modelId } = task
  const jobId = toHex(deps.random.bytes(32))
  const draft = { jobId, provider, modelId, price, work: task.work(offer) }
  const asked = new AskedProvider(draft, task, offer, deps, signal)
  return yield* hub ? asked.payThrough(hub) : asked.payDirectly()
}

/** One job on its way to one provider. */
class AskedProvider<work extends Work, result> {
  readonly #draft: Draft<work>
  readonly #task: RequestedTask<work, result>
  readonly #offer: Offer
  readonly #ceiling: MicroUsd
  readonly #deps: AskDeps
  readonly #signal: AbortSignal

  constructor(
    draft: Draft<work>,
    task: RequestedTask<work, result>,
    offer: Offer,
    deps: AskDeps,
    signal: AbortSignal,
  ) {
    this.#draft = draft
    this.#task = task
    this.#offer = offer
    this.#ceiling = largestCharge(draft.work, offer)
    this.#deps = deps
    this.#signal = signal
  }

  /** Pays from a channel of its own; one that pays for another tab's answer is left to that. */
  async *payDirectly(busy: ReadonlySet<Hex> = new Set()): AsyncGenerator<AskEvent, result, void> {
    const funding = fundChannel(this.#offer.provider, this.#ceiling, this.#deps, busy)
    const { stream, funded } = yield* this.#reach(funding)
    const { record, channel } = funded
    try {
      return yield* this.#run(stream, record, (end) => new DirectPayment(end, channel))
    } catch (error) {
      const isBusy = error instanceof MarketError && error.code === 'market/channel-busy'
      if (!isBusy || busy.size + 1 >= maxChannels) throw error
      return yield* this.payDirectly(new Set([...busy, record.channelId]))
    }
  }

  /** Pays from the channel to a hub. `topUp` where the hub knows of more that is open on it than this tab does. */
  async *payThrough(hub: Hub, topUp = false): AsyncGenerator<AskEvent, result, void> {
    const { funding } = this.#deps
    const { jobId } = this.#draft
    const job = { jobId, mostMicroUsd: withSpread(this.#ceiling, hub) }
    try {
      const reachedAtMs = this.#deps.clock.nowMs()
      const { stream, funded } = yield* this.#reach(funding.fund(hub, job, topUp))
      const opening = unlessAborted(this.#openAt(hub, funded), this.#signal, (late) => late.close())
      const payment = await opening.catch((error: Error) => {
        stream.abort(error)
        throw error instanceof BaseError && error.fault === 'peer' ? asHubError(error) : error
      })
      try {
        return yield* this.#run(await this.#fresh(stream, reachedAtMs), funded.record, () => payment)
      } finally {
        payment.close()
      }
    } catch (error) {
      const isUnderfunded = error instanceof HubError && error.code === 'hub/underfunded'
      if (!isUnderfunded || topUp) throw error
    } finally {
      this.#release()
    }
    return yield* this.payThrough(hub, true)
  }

  /** Frees what was reserved for this job. */
  #release(): void {
    this.#deps.funding.jobs.release(this.#draft.jobId)
  }

  #openAt(hub: Hub, { record, balanceMicroUsd }: FundedHubChannel): Promise<HubPayment> {
    const { funding } = this.#deps
    const { jobId, provider } = this.#draft
    const { channelId } = record
    const { spreadMillionths } = hub
    const job = { jobId, channelId, provider, ceilingMicroUsd: this.#ceiling, spreadMillionths }
    const isAlone = () => funding.jobs.countOn(channelId) === 1
    const channel = { record, balanceMicroUsd, isAlone }
    return HubPayment.open({ hub, job, offer: this.#offer, channel }, this.#deps)
  }

  /** Reaches the provider, then funds: money moves only once somebody is there to be paid. */
  async *#reach<funded>(
    funding: Funding<funded>,
  ): AsyncGenerator<AskEvent, { stream: FrameStream; funded: funded }, void> {
    const { transport } = this.#deps
    const { peerId } = this.#offer
    const stream = await transport.open(peerId, inferProtocol, this.#signal)
    const next = () => unlessAborted(funding.next(), this.#signal, () => this.#release())
    const step = await next().catch((error: Error) => {
      stream.abort(error)
      throw error
    })
    if (step.done) return { stream, funded: step.value }
    stream.abort(new MarketError('market/cancelled', 'Funding first.'))
    yield { type: 'funding', ...step.value }
    for (;;) {
      const later = await next()
      if (later.done) {
        return { stream: await transport.open(peerId, inferProtocol, this.#signal), funded: later.value }
      }
      yield { type: 'funding', ...later.value }
    }
  }

  /** A provider waits for its job a few seconds; a hub that had to fund its channel to it first may take longer. */
  async #fresh(stream: FrameStream, reachedAtMs: number): Promise<FrameStream> {
    const { clock, transport } = this.#deps
    if (clock.nowMs() - reachedAtMs < idleStreamMs) return stream
    stream.abort(new MarketError('market/cancelled', 'The hub took its time.'))
    return transport.open(this.#offer.peerId, inferProtocol, this.#signal)
  }

  async *#run(
    stream: FrameStream,
    { channelId, config }: ChannelRecord,
    route: JobRoute,
  ): AsyncGenerator<AskEvent, result, void> {
    const { chain, session, openText } = this.#deps
    const { work, ...deal } = this.#draft
    const asked = { ...deal, channelId, ...work }
    const terms: JobTerms = asked
    const signature = await signJob(terms, chain.network, session)
    const offer = this.#offer
    const text = openText(terms.modelId)
    const witness = this.#task.witness(asked, offer, text)
    const job = { terms, signature, offer, config, route, witness, text }
    return yield* runJob(stream, job, this.#deps, this.#signal)
  }
}

/** Whatever a hub does wrong when a job is opened, its provider may be asked without it. */
function asHubError(error: BaseError): HubError {
  if (error instanceof HubError) return error
  return new HubError('hub/refused', error.shortMessage, { cause: error, details: error.code })
}
