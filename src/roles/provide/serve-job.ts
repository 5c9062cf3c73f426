import type { FinishReason } from '../../domain/job.ts'
import type { Offer } from '../../domain/offer.ts'
import { type TokenCount, chargeMicroUsd } from '../../domain/price.ts'
import type { SignedReceipt } from '../../domain/receipt.ts'
import { EngineError, MarketError, type PeerError, brokeOff, toPeerError } from '../../errors/index.ts'
import { jobHash } from '../../ledger/job-hash.ts'
import { type OutputChain, createOutputChain } from '../../ledger/output-chain.ts'
import { signReceipt } from '../../ledger/sign-receipt.ts'
import type { Chain, Clock, Engine, Signer } from '../../ports/index.ts'
import type { JobStream } from '../common/frames.ts'
import { type OutputFrame, makeOutput } from '../tasks/make-output.ts'
import type { AdmittedJob } from './admit-job.ts'
import { keepPosted } from './keep-posted.ts'
import { createPaymentGate } from './payment-gate.ts'
import type { ServedJob, ServedJobs } from './served-jobs.ts'

/** How long a provider waits for a payment before it stops. */
const paymentTimeoutMs = 20_000
/** How long it waits for the last payment after the receipt. */
const lastPaymentTimeoutMs = 10_000
/** Longest silence of a requester that pays by vouchers. Where a hub pays, it has nothing to say. */
const silenceMs = { direct: 10 * 60_000, hub: 24 * 3600_000 }

/** What a job is served with. */
export type ServeDeps = { chain: Chain; engine: Engine; signer: Signer; clock: Clock; served: ServedJobs }

/** What the desk hears of a job under way. */
export type ServeOptions = {
  /** Ends the answer with a receipt. */
  signal: AbortSignal
  onTokens?: (tokens: TokenCount) => void
  /** The answer is over; what is left is its last payment. */
  onAnswered?: () => void
}

/** A job as it was kept, and whether it was this tab that broke it off. */
export type Served = { kept: ServedJob; isOurFault: boolean }

type Ending = { finishReason: FinishReason; error: PeerError | null; isOurFault: boolean }

/** Hands vouchers over; a cancel, a goodbye or a breach of protocol aborts the answer. */
async function listen(
  stream: JobStream,
  { funds, payments }: Pick<AdmittedJob, 'funds' | 'payments'>,
  answer: AbortController,
): Promise<void> {
  try {
    for (;;) {
      const frame = await stream.read(funds.hub ? silenceMs.hub : silenceMs.direct)
      if (frame?.type === 'voucher') await payments.take(frame.voucher)
      else if (frame?.type === 'cancel') answer.abort(new MarketError('market/cancelled', 'Cancelled.'))
      else throw new MarketError('market/cancelled', 'The requester left.')
    }
  } catch (error) {
    answer.abort(error)
  }
}

/** Signs what was sent: exactly what is in the chain. */
function receiptFor(
  { terms, prompt }: AdmittedJob,
  { provider, arithmeticId }: Offer,
  tokens: TokenCount,
  chain: OutputChain,
  finishReason: FinishReason,
  { clock, signer, chain: { network } }: ServeDeps,
): Promise<SignedReceipt> {
  const { jobId, channelId, modelId, price } = terms
  const receipt = {
    ...{ jobId, termsHash: jobHash(terms), provider, channelId, modelId, arithmeticId },
    ...{ promptHash: prompt.hash, tokens },
    outputHead: chain.head(),
    chargeMicroUsd: chargeMicroUsd(tokens, price),
    finishReason,
    issuedAtSeconds: Math.floor(clock.nowMs() / 1000),
  }
  return signReceipt(receipt, network, signer)
}

/** Returns a job that ended, with what it was paid until now. */
async function servedJob(
  { terms: { jobId }, funds, payments }: AdmittedJob,
  receipt: SignedReceipt,
  atMs: number,
): Promise<ServedJob> {
  const { channelId, hub } = funds
  const promisedMicroUsd = await funds.promisedMicroUsd()
  const paidMicroUsd = payments.paidMicroUsd()
  return { jobId, atMs, channelId, hub, paidMicroUsd, promisedMicroUsd, receipt }
}

/**
 * Does an admitted job, never further ahead of its payment than the window, and ends with a signed
 * receipt for exactly what was sent, which is on disk before it leaves. Returns the job as it was kept then.
 */
export async function serveJob(
  stream: JobStream,
  job: AdmittedJob,
  offer: Offer,
  deps: ServeDeps,
  options: ServeOptions,
): Promise<Served> {
  const { terms, prompt, windowTokens, funds, payments } = job
  const tokens: TokenCount = { promptTokens: prompt.tokens, completionTokens: 0 }
  const chain = createOutputChain(terms.jobId, offer.chunkTokens)
  const gate = createPaymentGate(payments, { ...tokens, windowTokens, price: terms.price }, deps.clock)
  const gone = new AbortController()
  const stop = AbortSignal.any([options.signal, gone.signal])
  await stream.write({
    type: 'accepted',
    promptTokens: tokens.promptTokens,
    promptHash: prompt.hash,
    heldVoucher: funds.heldVoucher,
  })
  const listening = listen(stream, job, gone)

  const send = async (frame: OutputFrame) => {
    await stream.write(frame)
    if (frame.type === 'tokens') {
      chain.push(frame.tokenIds)
      tokens.completionTokens += frame.tokenIds.length
    } else chain.pushVector(frame.vector)
    options.onTokens?.({ ...tokens })
  }

  const endingOf = (finishReason: FinishReason): Ending => {
    const isOurFault = options.signal.aborted
    if (isOurFault)
      return { finishReason: 'failed', error: toPeerError(options.signal.reason, brokeOff), isOurFault }
    const cause: unknown = gone.signal.reason
    const breach = cause !== undefined && !(cause instanceof MarketError)
    return breach
      ? { finishReason: 'unpaid', error: toPeerError(cause, brokeOff), isOurFault }
      : { finishReason, error: null, isOurFault }
  }

  const make = async (): Promise<Ending> => {
    const output = makeOutput(job, deps.engine, stop)
    try {
      for (;;) {
        if (!(await gate.mayServe(tokens.completionTokens, paymentTimeoutMs, stop)) && !stop.aborted) {
          return { finishReason: 'unpaid', error: null, isOurFault: false }
        }
        const next = await keepPosted(output.next(), stream, deps.clock)
        if (next.done) return endingOf(next.value)
        await send(next.value)
      }
    } finally {
      await output.return('cancelled')
    }
  }

  const { finishReason, error, isOurFault } = await make().catch((cause): Ending => ({
    finishReason: 'failed',
    error: toPeerError(cause, brokeOff),
    isOurFault: cause instanceof EngineError && !gone.signal.aborted,
  }))
  options.onAnswered?.()
  const charge = chargeMicroUsd(tokens, terms.price)
  const signed = await receiptFor(job, offer, tokens, chain, finishReason, deps)
  const kept = await servedJob(job, signed, deps.clock.nowMs())
  try {
    await deps.served.keep(kept)
    await stream.write({ type: 'receipt', signed, error })
    const left = new AbortController()
    // Where a hub pays, the last payment comes whether or not the requester stays.
    if (funds.hub === null) void listening.then(() => left.abort())
    await gate.settled(charge, lastPaymentTimeoutMs, left.signal)
    await stream.close()
  } catch (cause) {
    stream.abort(cause instanceof Error ? cause : new Error(String(cause)))
  }
  return { kept, isOurFault }
}
