import { ProtocolError } from '../src/errors/index.ts'
import { answerStream } from '../src/transport/answer-stream.ts'
import { createFrameStream } from '../src/transport/frame-stream.ts'
import { StreamQuota } from '../src/transport/stream-quota.ts'
import type { StreamHandler } from '../src/ports/transport.ts'
import type { ProtocolSpec } from '../src/protocol/protocols.ts'
import type { RelayNode } from './circuit-relay.ts'

/**
 * Answers a protocol for tabs that are really here, not for those at the far end of a relayed connection.
 * Streams beyond `maxStreamsPerPeer` are reset.
 */
export async function serveProtocol(
  node: RelayNode,
  protocol: ProtocolSpec,
  answer: StreamHandler,
  maxStreamsPerPeer: number,
): Promise<void> {
  const quota = new StreamQuota(maxStreamsPerPeer)
  await node.handle(
    protocol.id,
    (stream, connection) => {
      const peerId = connection.remotePeer.toString()
      if (!quota.take(peerId)) {
        stream.abort(new ProtocolError('protocol/rate-limited', 'Too many streams.'))
        return
      }
      void answerStream(createFrameStream(stream, peerId, protocol), answer, () => quota.free(peerId))
    },
    { maxInboundStreams: maxStreamsPerPeer },
  )
}
