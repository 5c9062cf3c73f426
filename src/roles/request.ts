import { maxPromptTokens } from '../domain/admit-job.ts'
import { type Hex, toHex } from '../domain/bytes.ts'
import type { ChatMessage, JobTerms, SamplerSettings } from '../domain/job.ts'
import type { ModelId } from '../domain/model.ts'
import type { Offer } from '../domain/offer.ts'
import { type MicroUsd, chargeMicroUsd } from '../domain/price.ts'
import { typicalChargeMicroUsd } from '../domain/rank-offers.ts'
import { BaseError, MarketError } from '../errors/index.ts'
import { signJob } from '../ledger/sign-job.ts'
import type { Directory, FrameStream } from '../ports/index.ts'
import { inferProtocol } from '../protocol/protocols.ts'
import type { Answer, AskEvent } from './answer.ts'
import { findOffers } from './find-offers.ts'
import { type FundDeps, fundChannel } from './fund-channel.ts'
import type { OpenText } from './open-text.ts'
import { type RunJobDeps, runJob } from './run-job.ts'

/** Providers that are tried before giving up. */
const maxAttempts = 4
/** Channels to one provider that are tried: each may pay for an answer in another tab of this browser. */
const maxChannels = 4

/** What is asked, and how it is to be answered. */
export type AskRequest = {
  modelId: ModelId
  messages: ChatMessage[]
  sampler: SamplerSettings
  /** 128 bits; random when left out. */
  seed?: Hex
  maxTokens: number
  stop: string[]
}

/** The deal before it is struck. */
export type Quote = { offers: number; best: Offer; typicalChargeMicroUsd: MicroUsd; tokensPerSecond: number }

/** All that asking and paying takes. */
export type RequestDeps = FundDeps & RunJobDeps & { directory: Directory; openText: OpenText }

/** A tab that asks and pays. */
export interface Requester {
  /** Returns what an answer would cost now, or null while nobody offers the model. */
  quote(modelId: ModelId, signal?: AbortSignal): Promise<Quote | null>
  /**
   * Asks the best provider, then the next when one is full or gone.
   * @returns the answer; `error` is set when it broke off on the way
   * @throws BaseError when nothing was received and nothing paid
   */
  ask(request: AskRequest, signal: AbortSignal): AsyncGenerator<AskEvent, Answer, void>
}

/** The most that a job can cost. */
function largestCharge(terms: Omit<JobTerms, 'channelId'>, offer: Offer): MicroUsd {
  const promptTokens = Math.min(maxPromptTokens(terms), offer.contextTokens)
  return chargeMicroUsd({ promptTokens, completionTokens: terms.maxTokens }, terms.price)
}

/** Returns a requester; nothing happens before it is asked. */
export function createRequester(deps: RequestDeps): Requester {
  const { transport, random, session, chain, openText } = deps

  const offersFor = (modelId: ModelId, signal?: AbortSignal) =>
    findOffers(modelId, { ...deps, network: chain.network, ownPeerId: transport.peerId }, signal)

  async function* askOne(
    request: AskRequest,
    offer: Offer,
    signal: AbortSignal,
    busy: ReadonlySet<Hex> = new Set(),
  ): AsyncGenerator<AskEvent, Answer, void> {
    const { modelId, messages, sampler, maxTokens, stop } = request
    const draft = {
      jobId: toHex(random.bytes(32)),
      provider: offer.provider,
      modelId,
      messages,
      sampler,
      seed: request.seed ?? toHex(random.bytes(16)),
      maxTokens: Math.min(maxTokens, offer.contextTokens),
      stop,
      price: offer.price,
    }
    // Money moves only once the provider has been reached.
    let stream: FrameStream = await transport.open(offer.peerId, inferProtocol, signal)
    const funding = fundChannel(offer.provider, largestCharge(draft, offer), deps, busy)
    let step = await funding.next().catch((error: Error) => {
      stream.abort(error)
      throw error
    })
    if (!step.done) {
      stream.abort(new MarketError('market/cancelled', 'Funding first.'))
      for (; !step.done; step = await funding.next()) yield { type: 'funding', ...step.value }
      stream = await transport.open(offer.peerId, inferProtocol, signal)
    }
    const { record, channel } = step.value
    const terms: JobTerms = { ...draft, channelId: record.channelId }
    const signature = await signJob(terms, chain.network, session)
    const text = openText(modelId)
    const job = { terms, signature, offer, config: record.config, channel, text }
    try {
      return yield* runJob(stream, job, deps, signal)
    } catch (error) {
      const isBusy = error instanceof MarketError && error.code === 'market/channel-busy'
      if (!isBusy || busy.size + 1 >= maxChannels) throw error
      return yield* askOne(request, offer, signal, new Set([...busy, record.channelId]))
    }
  }

  return {
    async quote(modelId, signal) {
      const offers = await offersFor(modelId, signal)
      const best = offers[0]?.offer
      if (!best) return null
      return {
        offers: offers.length,
        best,
        typicalChargeMicroUsd: typicalChargeMicroUsd(best),
        tokensPerSecond: best.milliTokensPerSecond / 1000,
      }
    },

    async *ask(request, signal) {
      yield { type: 'choosing' }
      const offers = await offersFor(request.modelId, signal)
      if (offers.length === 0) {
        throw new MarketError('market/no-offers', 'No tab offers this model right now.')
      }
      let failure: unknown
      for (const [index, { offer }] of offers.slice(0, maxAttempts).entries()) {
        signal.throwIfAborted()
        yield { type: 'dialling', offer, attempt: index + 1 }
        try {
          return yield* askOne(request, offer, signal)
        } catch (error) {
          failure = error
          const isTheirs = error instanceof BaseError && error.fault === 'peer'
          if (signal.aborted || !isTheirs) break
        }
      }
      if (signal.aborted) throw new MarketError('market/cancelled', 'Cancelled before an answer came.')
      throw failure
    },
  }
}
