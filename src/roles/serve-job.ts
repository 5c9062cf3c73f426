import type { FinishReason } from '../domain/job.ts'
import type { Offer } from '../domain/offer.ts'
import { type TokenCount, chargeMicroUsd } from '../domain/price.ts'
import { MarketError, type PeerError, brokeOff, toPeerError } from '../errors/index.ts'
import { jobHash } from '../ledger/job-hash.ts'
import { createOutputChain } from '../ledger/output-chain.ts'
import { signReceipt } from '../ledger/sign-receipt.ts'
import type { Chain, Clock, Engine, Signer } from '../ports/index.ts'
import type { ProviderFrame, RequesterFrame } from '../protocol/infer-messages.ts'
import type { AdmittedJob } from './admit-job.ts'
import type { MessageStream } from './frames.ts'
import { type PaymentGate, createPaymentGate } from './payment-gate.ts'

/** How long a provider waits for a voucher before it stops. */
const paymentTimeoutMs = 20_000
/** How long it waits for the last voucher after the receipt. */
const lastVoucherTimeoutMs = 10_000
/** Longest silence of a requester: vouchers are its only duty. */
const silenceMs = 10 * 60_000

/** What a job is served with. */
export type ServeDeps = { chain: Chain; engine: Engine; signer: Signer; clock: Clock }

/** The provider's end of a job's stream. */
export type JobStream = MessageStream<RequesterFrame, ProviderFrame>

/** What became of a job. */
export type Served = { tokens: TokenCount; paidMicroUsd: bigint; finishReason: FinishReason }

type Ending = { finishReason: FinishReason; error: PeerError | null }

/** Feeds vouchers to the gate; a cancel, a goodbye or a breach of protocol aborts the answer. */
async function listen(stream: JobStream, gate: PaymentGate, answer: AbortController): Promise<void> {
  try {
    for (;;) {
      const frame = await stream.read(silenceMs)
      if (frame?.type === 'voucher') await gate.pay(frame.voucher)
      else if (frame?.type === 'cancel') answer.abort(new MarketError('market/cancelled', 'Cancelled.'))
      else throw new MarketError('market/cancelled', 'The requester left.')
    }
  } catch (error) {
    answer.abort(error)
  }
}

/**
 * Generates an admitted job's answer, never further ahead of its payment than the window,
 * and ends with a signed receipt for exactly what was sent.
 */
export async function serveJob(
  stream: JobStream,
  job: AdmittedJob,
  offer: Offer,
  deps: ServeDeps,
  options: { signal: AbortSignal; onTokens?: (tokens: TokenCount) => void },
): Promise<Served> {
  const { terms, promptIds, channel } = job
  const tokens: TokenCount = { promptTokens: promptIds.length, completionTokens: 0 }
  const chain = createOutputChain(terms.jobId, offer.chunkTokens)
  const { windowTokens } = offer
  const gate = createPaymentGate(channel, { ...tokens, windowTokens, price: terms.price }, deps.clock)
  const gone = new AbortController()
  const stop = AbortSignal.any([options.signal, gone.signal])
  await stream.write({
    type: 'accepted',
    promptTokens: tokens.promptTokens,
    promptHash: job.promptHash,
    heldVoucher: job.held,
  })
  const listening = listen(stream, gate, gone)

  const send = async (tokenIds: number[], text: string) => {
    await stream.write({ type: 'tokens', start: tokens.completionTokens, tokenIds, text })
    chain.push(tokenIds)
    tokens.completionTokens += tokenIds.length
    options.onTokens?.({ ...tokens })
  }

  const endingOf = (finishReason: FinishReason): Ending => {
    if (options.signal.aborted)
      return { finishReason: 'failed', error: toPeerError(options.signal.reason, brokeOff) }
    const cause: unknown = gone.signal.reason
    const breach = cause !== undefined && !(cause instanceof MarketError)
    return breach
      ? { finishReason: 'unpaid', error: toPeerError(cause, brokeOff) }
      : { finishReason, error: null }
  }

  const generate = async (): Promise<Ending> => {
    const { sampler, seed, stop: stopStrings } = terms
    const request = { promptIds, sampler, seed, maxTokens: job.maxTokens, stop: stopStrings }
    const answer = deps.engine.generate(request, stop)
    try {
      for (;;) {
        if (!(await gate.mayServe(tokens.completionTokens, paymentTimeoutMs, stop)) && !stop.aborted) {
          return { finishReason: 'unpaid', error: null }
        }
        const next = await answer.next()
        if (!next.done) {
          await send([next.value.tokenId], next.value.text)
          continue
        }
        if (next.value.text && !stop.aborted) await send([], next.value.text)
        return endingOf(next.value.finishReason)
      }
    } finally {
      await answer.return({ finishReason: 'cancelled', text: '' })
    }
  }

  const ending = await generate().catch((error): Ending => ({
    finishReason: 'failed',
    error: toPeerError(error, brokeOff),
  }))
  const charge = chargeMicroUsd(tokens, terms.price)
  const signed = await signReceipt(
    {
      jobId: terms.jobId,
      termsHash: jobHash(terms),
      provider: offer.provider,
      channelId: terms.channelId,
      modelId: terms.modelId,
      arithmeticId: offer.arithmeticId,
      promptHash: job.promptHash,
      outputHead: chain.head(),
      tokens,
      chargeMicroUsd: charge,
      finishReason: ending.finishReason,
      issuedAtSeconds: Math.floor(deps.clock.nowMs() / 1000),
    },
    deps.chain.network,
    deps.signer,
  )
  try {
    await stream.write({ type: 'receipt', signed, error: ending.error })
    const left = new AbortController()
    void listening.then(() => left.abort())
    await gate.settled(charge, lastVoucherTimeoutMs, left.signal)
    await stream.close()
  } catch (error) {
    stream.abort(error instanceof Error ? error : new Error(String(error)))
  }
  return { tokens, paidMicroUsd: channel.paidMicroUsd(), finishReason: ending.finishReason }
}
