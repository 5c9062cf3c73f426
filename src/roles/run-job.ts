import { maxPromptTokens } from '../domain/admit-job.ts'
import type { Hex } from '../domain/bytes.ts'
import type { ChannelConfig, Voucher } from '../domain/channel.ts'
import type { FinishReason, JobTerms } from '../domain/job.ts'
import type { Offer } from '../domain/offer.ts'
import type { SignedReceipt } from '../domain/receipt.ts'
import { BaseError, LedgerError, MarketError, type PeerError, TransportError } from '../errors/index.ts'
import { promptHashOf } from '../ledger/output-chain.ts'
import type { PayerChannel } from '../ledger/payer-channel.ts'
import { verifyReceipt } from '../ledger/verify-receipt.ts'
import type { Chain, Clock, Directory, FrameStream, ModelText, Transport } from '../ports/index.ts'
import type { ProviderFrame, RequesterFrame } from '../protocol/infer-messages.ts'
import type { Answer, AskEvent } from './answer.ts'
import { type MessageStream, expectFrame, requesterEnd } from './frames.ts'
import { Witness } from './witness.ts'

const acceptTimeoutMs = 15_000
/** A long prompt on a slow machine takes a while before the first token. */
const firstTokenTimeoutMs = 180_000
const silenceMs = 30_000
/** After a cancel the provider has this long to send its receipt. */
const cancelTimeoutMs = 5_000
/** A tab reported as gone that sends nothing for this long is gone. */
const departureGraceMs = 1_000

export type RunJobDeps = { chain: Chain; clock: Clock; transport: Transport; directory: Directory }

export type Job = {
  terms: JobTerms
  /** Session key's signature of the terms. */
  signature: Hex
  offer: Offer
  config: ChannelConfig
  channel: PayerChannel
  /** The model's tokenizer, to check the provider's count; null where the model is unknown here. */
  text: Promise<ModelText | null>
}

const peerError = (error: unknown): PeerError =>
  error instanceof BaseError
    ? error.toPeer()
    : { code: 'market/job-broken', shortMessage: 'The answer broke off.' }

/** Resets the stream soon after its peer is reported gone, unless frames go on coming. */
function watchDeparture(peer: string, stream: FrameStream, lastFrameMs: () => number, deps: RunJobDeps) {
  const over = new AbortController()
  const onDeparted = async (departed: string) => {
    if (departed !== peer) return
    const reportedMs = deps.clock.nowMs()
    await deps.clock.sleep(departureGraceMs, over.signal).catch(() => {})
    if (over.signal.aborted || lastFrameMs() > reportedMs) return
    stream.abort(new TransportError('transport/peer-unreachable', 'The tab that was answering has left.'))
  }
  const unsubscribes = [
    deps.directory.watchDepartures((departed) => void onDeparted(departed)),
    deps.transport.watchDepartures((departed) => void onDeparted(departed)),
  ]
  return () => {
    over.abort()
    for (const unsubscribe of unsubscribes) unsubscribe()
  }
}

/** Asks for a cancel as soon as the signal aborts, and resets the stream if that is not heard. */
function watchCancel(
  end: MessageStream<ProviderFrame, RequesterFrame>,
  signal: AbortSignal,
  clock: Clock,
): () => void {
  const over = new AbortController()
  const onAbort = async () => {
    await end.write({ type: 'cancel' }).catch(() => {})
    await clock.sleep(cancelTimeoutMs, over.signal).catch(() => {})
    if (!over.signal.aborted) end.abort(new MarketError('market/cancelled', 'Cancelled.'))
  }
  if (signal.aborted) void onAbort()
  else signal.addEventListener('abort', onAbort, { signal: over.signal })
  return () => over.abort()
}

/** @throws LedgerError `ledger/overcharged` when the provider counts another prompt than we do */
async function checkPrompt({ terms, text }: Job, witness: Witness): Promise<void> {
  const tokenizer = await text.catch(() => null)
  if (tokenizer === null) return
  const promptIds = await tokenizer.encodeChat(terms.messages)
  if (promptIds.length === witness.promptTokens && promptHashOf(promptIds) === witness.promptHash) return
  throw new LedgerError('ledger/overcharged', 'The provider counted other prompt tokens than this tab did.', {
    details: `theirs ${witness.promptTokens}, ours ${promptIds.length}`,
  })
}

/**
 * Runs one job over an open stream: streams its tokens, pays chunk by chunk for what came, checks the receipt.
 * @returns the answer, with `error` set when it broke off after the first token
 * @throws BaseError when nothing was received
 */
export async function* runJob(
  stream: FrameStream,
  job: Job,
  deps: RunJobDeps,
  signal: AbortSignal,
): AsyncGenerator<AskEvent, Answer, void> {
  const { terms, offer, config, channel } = job
  const end = requesterEnd(stream, deps.clock)
  const witness = new Witness(terms.price, terms.maxTokens)
  let lastFrameMs = 0
  let voucher: Voucher | null = null
  let receipt: SignedReceipt | null = null
  let finishReason: FinishReason = 'failed'
  let error: PeerError | null = null
  let paid = 0n
  let paidTokens = 0

  const read = async (timeoutMs: number) => {
    const frame = await end.read(timeoutMs)
    lastFrameMs = deps.clock.nowMs()
    return frame
  }

  const accept = async (): Promise<bigint> => {
    const { terms, signature } = job
    await end.write({ type: 'job', terms, channel: config, signature })
    const reply = expectFrame(await read(acceptTimeoutMs), 'accepted', 'refused')
    if (reply.type === 'refused') {
      const { code, shortMessage } = reply.error
      throw new MarketError('market/job-refused', shortMessage, { details: code })
    }
    if (reply.promptTokens > maxPromptTokens(terms)) {
      throw new LedgerError('ledger/overcharged', 'The provider counts more prompt tokens than there can be.')
    }
    witness.promptTokens = reply.promptTokens
    witness.promptHash = reply.promptHash
    const held = reply.heldVoucher
    if (held && held.maxClaimableAmount > (await channel.promised())) await channel.adopt(held)
    return channel.promised()
  }

  const pay = async (promisedBefore: bigint) => {
    const charge = witness.chargeMicroUsd
    paidTokens = witness.tokenIds.length
    if (charge <= paid) return
    voucher = await channel.promise(promisedBefore + charge)
    paid = charge
    await end.write({ type: 'voucher', voucher })
  }

  const unwatch = [
    watchDeparture(offer.peerId, stream, () => lastFrameMs, deps),
    watchCancel(end, signal, deps.clock),
  ]
  try {
    const promisedBefore = await accept()
    yield { type: 'accepted', offer, promptTokens: witness.promptTokens }
    const promptChecked = checkPrompt(job, witness)
    promptChecked.catch(() => {})
    while (receipt === null) {
      const frame = expectFrame(
        await read(witness.tokenIds.length === 0 ? firstTokenTimeoutMs : silenceMs),
        'tokens',
        'receipt',
      )
      if (frame.type === 'tokens') {
        const isFirst = paidTokens === 0
        witness.take(frame, deps.clock.nowMs())
        const { tokens, chargeMicroUsd, tokensPerSecond } = witness
        yield { type: 'tokens', text: frame.text, tokens, chargeMicroUsd, tokensPerSecond }
        if (isFirst || witness.tokenIds.length - paidTokens >= offer.chunkTokens) {
          await promptChecked
          await pay(promisedBefore)
        }
      } else {
        receipt = frame.signed
        finishReason = receipt.receipt.finishReason
        error = frame.error
        if (error && witness.tokenIds.length === 0) {
          throw new MarketError('market/job-broken', error.shortMessage, { details: error.code })
        }
        await promptChecked
        await pay(promisedBefore)
        await end.close()
        const { promptHash, promptTokens, tokenIds } = witness
        const { arithmeticId, chunkTokens } = offer
        const seen = { terms, arithmeticId, promptHash, promptTokens, tokenIds, chunkTokens }
        await verifyReceipt(receipt, seen, deps.chain.network)
      }
    }
  } catch (cause) {
    if (receipt === null) end.abort(cause instanceof Error ? cause : new Error(String(cause)))
    if (witness.tokenIds.length === 0) throw signal.aborted ? cancelled() : cause
    error = signal.aborted && receipt === null ? null : peerError(cause)
    if (signal.aborted) finishReason = 'cancelled'
  } finally {
    for (const stop of unwatch) stop()
    if (receipt === null) end.abort(cancelled())
  }
  return {
    text: witness.text,
    tokenIds: witness.tokenIds,
    terms,
    offer,
    channel: config,
    tokens: witness.tokens,
    promptHash: witness.promptHash,
    chargeMicroUsd: paid,
    finishReason,
    tokensPerSecond: witness.tokensPerSecond,
    receipt,
    voucher,
    error,
  }
}

const cancelled = () => new MarketError('market/cancelled', 'Cancelled before an answer came.')
