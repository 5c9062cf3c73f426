import type { Hex } from '../../domain/bytes.ts'
import type { ChannelConfig } from '../../domain/channel.ts'
import { withSpread } from '../../domain/hub.ts'
import type { FinishReason, JobTerms } from '../../domain/job.ts'
import type { Offer } from '../../domain/offer.ts'
import type { SignedReceipt } from '../../domain/receipt.ts'
import { HubError, MarketError, type PeerError, brokeOff, toPeerError } from '../../errors/index.ts'
import { verifyReceipt } from '../../ledger/verify-receipt.ts'
import type { Chain, FrameStream, ModelText } from '../../ports/index.ts'
import type { ProviderFrame, RequesterFrame } from '../../protocol/infer-messages.ts'
import { type MessageStream, expectFrame, requesterEnd } from '../common/frames.ts'
import { JobPayer } from '../pay/job-payer.ts'
import type { PaymentRoute } from '../pay/payment-route.ts'
import type { Witness } from '../tasks/witness.ts'
import type { AskEvent } from './ask-event.ts'
import { readPatiently } from './read-patiently.ts'
import { type WatchDeps, watchCancel, watchDeparture } from './watch-stream.ts'

const acceptTimeoutMs = 15_000

/** What a job is followed with. */
export type RunJobDeps = WatchDeps & { chain: Chain }

/** Gives the way of a job's payments, once its stream is open. */
export type JobRoute = (end: MessageStream<ProviderFrame, RequesterFrame>) => PaymentRoute

/** A job that is about to be sent. */
export type Job<result> = {
  terms: JobTerms
  /** Session key's signature of the terms. */
  signature: Hex
  offer: Offer
  config: ChannelConfig
  route: JobRoute
  witness: Witness<result>
  /** The model's tokenizer, to check the provider's count; null where the model is unknown here. */
  text: Promise<ModelText | null>
}

/**
 * Runs one job over an open stream: takes what comes, pays for it as it comes, checks the receipt.
 * @returns the result, with `error` set when it broke off after something of worth came
 * @throws BaseError when nothing was received and nothing paid
 */
export async function* runJob<result>(
  stream: FrameStream,
  job: Job<result>,
  deps: RunJobDeps,
  signal: AbortSignal,
): AsyncGenerator<AskEvent, result, void> {
  const { terms, offer, config, witness } = job
  const { arithmeticId } = offer
  const end = requesterEnd(stream, deps.clock)
  const route = job.route(end)
  const payment = new JobPayer({ terms, route, witness, offer })
  let lastFrameMs = 0
  let receipt: SignedReceipt | null = null
  let closed = false
  let finishReason: FinishReason = 'failed'
  let error: PeerError | null = null

  const read = async (timeoutMs: number) => {
    const frame = await end.read(timeoutMs)
    lastFrameMs = deps.clock.nowMs()
    return frame
  }
  const readNext = readPatiently(read, deps.clock)
  const readOutput = async () =>
    expectFrame(await readNext(witness.silenceMs), 'tokens', 'embedding', 'receipt')

  const unwatch = [watchDeparture(stream, () => lastFrameMs, deps), watchCancel(end, signal, deps.clock)]
  try {
    await end.write({ type: 'job', terms, channel: config, signature: job.signature })
    const reply = expectFrame(await read(acceptTimeoutMs), 'accepted', 'refused')
    if (reply.type === 'refused') {
      const isBusy = reply.error.code === 'market/channel-busy'
      throw refused(isBusy ? 'market/channel-busy' : 'market/job-refused', reply.error)
    }
    await payment.open(reply, job.text)
    yield { type: 'accepted', offer, promptTokens: reply.promptTokens }

    let frame = await readOutput()
    for (; frame.type !== 'receipt'; frame = await readOutput()) {
      const progress = await witness.take(frame, deps.clock.nowMs())
      const chargeMicroUsd = withSpread(payment.chargeMicroUsd, route.hub)
      yield { ...progress, tokens: payment.tokens, chargeMicroUsd }
      await payment.payIfDue()
    }
    error = frame.error
    if (error && !witness.isWorthPaying) throw refused('market/job-broken', error)
    if (!signal.aborted) witness.requireWhole()
    receipt = frame.signed
    finishReason = receipt.receipt.finishReason
    const { promptHash, tokens } = payment
    const seen = { terms, arithmeticId, promptHash, tokens, outputHead: witness.outputHead() }
    const verified = verifyReceipt(receipt, seen, deps.chain.network)
    verified.catch(() => {})
    // Where nothing that came shows that the prompt was read, a true receipt has to.
    if (!witness.isWorthPaying) await verified
    const isWithheld = route.hub !== null && finishReason === 'unpaid'
    if (!isWithheld) await payment.pay()
    const unsettled = await route.settled().then(
      () => (isWithheld ? withheld() : null),
      (failure: unknown) => failure,
    )
    await end.close()
    closed = true
    await verified
    if (unsettled !== null) throw unsettled
  } catch (cause) {
    if (!witness.isWorthPaying && route.voucher === null) throw signal.aborted ? cancelled() : cause
    const brokenOff = receipt === null
    error = brokenOff && signal.aborted ? null : toPeerError(cause, brokeOff)
    if (brokenOff && signal.aborted) finishReason = 'cancelled'
  } finally {
    for (const stop of unwatch) stop()
    route.close()
    if (!closed) end.abort(cancelled())
  }
  return witness.result({
    offer,
    channel: config,
    hub: route.hub,
    tokens: payment.tokens,
    promptHash: payment.promptHash,
    chargeMicroUsd: route.paidMicroUsd,
    handedOnMicroUsd: route.handedOnMicroUsd,
    finishReason,
    receipt,
    voucher: route.voucher,
    error,
  })
}

const cancelled = () => new MarketError('market/cancelled', 'Cancelled before an answer came.')

const withheld = () =>
  new HubError('hub/unpaid', 'The tab stopped because the hub did not hand the payments on.')

const refused = (
  code: 'market/job-refused' | 'market/channel-busy' | 'market/job-broken',
  { code: details, shortMessage }: PeerError,
) => new MarketError(code, shortMessage, { details })
