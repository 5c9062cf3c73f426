import { MarketError, TransportError } from '../../errors/index.ts'
import type { Clock, FrameStream, Transport } from '../../ports/index.ts'
import type { ProviderFrame, RequesterFrame } from '../../protocol/infer-messages.ts'
import type { MessageStream } from '../common/frames.ts'

/** After a cancel the provider has this long to send its receipt. */
const cancelTimeoutMs = 5_000
/** What a tab sent before its link went is read for this long. */
const departureGraceMs = 1_000

/** What tells that the other side is gone. */
export type WatchDeps = { clock: Clock; transport: Transport }

/**
 * Resets the stream soon after the link to its peer is gone, unless frames go on coming. Returns an unsubscribe.
 * A relay's word alone ends no answer: the transport looks after the link that a relay reports.
 */
export function watchDeparture(
  stream: FrameStream,
  lastFrameMs: () => number,
  { clock, transport }: WatchDeps,
): () => void {
  const over = new AbortController()
  const onDeparted = async (departed: string) => {
    if (departed !== stream.remotePeer) return
    const reportedMs = clock.nowMs()
    await clock.sleep(departureGraceMs, over.signal).catch(() => {})
    if (over.signal.aborted || lastFrameMs() > reportedMs) return
    stream.abort(new TransportError('transport/peer-unreachable', 'The tab that was answering has left.'))
  }
  const unsubscribe = transport.watchDepartures((departed) => void onDeparted(departed))
  return () => {
    over.abort()
    unsubscribe()
  }
}

/** Asks for a cancel as soon as the signal aborts, and resets the stream if that is not heard. Returns an unsubscribe. */
export function watchCancel(
  end: MessageStream<ProviderFrame, RequesterFrame>,
  signal: AbortSignal,
  clock: Clock,
): () => void {
  const over = new AbortController()
  const onAbort = async () => {
    // A provider that reads no more would hold this write for ever.
    void end.write({ type: 'cancel' }).catch(() => {})
    await clock.sleep(cancelTimeoutMs, over.signal).catch(() => {})
    if (!over.signal.aborted) end.abort(new MarketError('market/cancelled', 'Cancelled.'))
  }
  if (signal.aborted) void onAbort()
  else signal.addEventListener('abort', onAbort, { signal: over.signal })
  return () => over.abort()
}
