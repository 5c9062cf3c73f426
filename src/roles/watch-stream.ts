import { MarketError, TransportError } from '../errors/index.ts'
import type { Clock, Directory, FrameStream, Transport } from '../ports/index.ts'
import type { ProviderFrame, RequesterFrame } from '../protocol/infer-messages.ts'
import type { MessageStream } from './frames.ts'

/** After a cancel the provider has this long to send its receipt. */
const cancelTimeoutMs = 5_000
/** A tab reported as gone that sends nothing for this long is gone. */
const departureGraceMs = 1_000

export type WatchDeps = { clock: Clock; transport: Transport; directory: Directory }

/** Resets the stream soon after its peer is reported gone, unless frames go on coming. Returns an unsubscribe. */
export function watchDeparture(
  stream: FrameStream,
  lastFrameMs: () => number,
  { clock, transport, directory }: WatchDeps,
): () => void {
  const over = new AbortController()
  const onDeparted = async (departed: string) => {
    if (departed !== stream.remotePeer) return
    const reportedMs = clock.nowMs()
    await clock.sleep(departureGraceMs, over.signal).catch(() => {})
    if (over.signal.aborted || lastFrameMs() > reportedMs) return
    stream.abort(new TransportError('transport/peer-unreachable', 'The tab that was answering has left.'))
  }
  const unsubscribes = [
    directory.watchDepartures((departed) => void onDeparted(departed)),
    transport.watchDepartures((departed) => void onDeparted(departed)),
  ]
  return () => {
    over.abort()
    for (const unsubscribe of unsubscribes) unsubscribe()
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
    await end.write({ type: 'cancel' }).catch(() => {})
    await clock.sleep(cancelTimeoutMs, over.signal).catch(() => {})
    if (!over.signal.aborted) end.abort(new MarketError('market/cancelled', 'Cancelled.'))
  }
  if (signal.aborted) void onAbort()
  else signal.addEventListener('abort', onAbort, { signal: over.signal })
  return () => over.abort()
}
