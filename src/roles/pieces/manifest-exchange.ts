import type { PeerId } from '../../domain/bytes.ts'
import type { ModelId, ModelManifest } from '../../domain/model.ts'
import { PeerAllowance } from '../../domain/peer-allowance.ts'
import { MarketError } from '../../errors/index.ts'
import type { Clock, FrameStream, Holders, ManifestPeers, Transport } from '../../ports/index.ts'
import { encodeFrame, parseFrame } from '../../protocol/frame-codec.ts'
import {
  type ManifestReply,
  type ManifestRequest,
  manifestReplySchema,
  manifestRequestSchema,
} from '../../protocol/manifest-messages.ts'
import { manifestProtocol } from '../../protocol/protocols.ts'
import { expectFrame, messageStream } from '../common/frames.ts'

/** Tabs that are asked for one manifest, one after the other. */
const mostAsked = 6
const questionTimeoutMs = 10_000
const answerTimeoutMs = 15_000
/** Bytes that askers are sent in a minute. */
const mostBytes = { perPeer: 8 * 1024 ** 2, inAll: 64 * 1024 ** 2 }
/** What a question counts for, whatever is answered. */
const questionBytes = 32 * 1024

/** How tabs that hold a model are found and asked. */
export type ManifestPeersDeps = { transport: Transport; holders: Holders; clock: Clock }

/** Returns the tabs that hold a model as a source of its manifest. */
export function createManifestPeers({ transport, holders, clock }: ManifestPeersDeps): ManifestPeers {
  return {
    async *ask(modelId, signal) {
      const { peers } = await holders.find(modelId, signal)
      for (const peer of peers.slice(0, mostAsked)) {
        signal?.throwIfAborted()
        const stream = await transport.open(peer, manifestProtocol, signal).catch(() => null)
        const reply = stream && (await exchange(stream, modelId, clock, signal).catch(() => null))
        if (reply?.type === 'manifest') yield reply.manifest
      }
    },
  }
}

async function exchange(
  stream: FrameStream,
  modelId: ModelId,
  clock: Clock,
  signal?: AbortSignal,
): Promise<ManifestReply> {
  const parse = (frame: Uint8Array) => parseFrame(manifestReplySchema, frame)
  const end = messageStream<ManifestReply, ManifestRequest>(stream, parse, clock)
  try {
    await end.write({ type: 'manifest', modelId })
    return expectFrame(await end.read(answerTimeoutMs, signal), 'manifest', 'refused')
  } finally {
    await end.close().catch(() => {})
  }
}

/**
 * Answers other tabs that ask for manifests, each of them only so much in a minute. `find` gives those that are known
 * here. Returns what ends it.
 */
export function serveManifests(
  { transport, clock }: Pick<ManifestPeersDeps, 'transport' | 'clock'>,
  find: (id: ModelId) => Promise<ModelManifest | null>,
): () => void {
  const allowance = new PeerAllowance(mostBytes)
  const refusal = (error: MarketError) =>
    encodeFrame({ type: 'refused', error: error.toPeer() } satisfies ManifestReply)

  const replyTo = async (peer: PeerId, modelId: ModelId): Promise<Uint8Array> => {
    if (!allowance.take(peer, questionBytes, clock.nowMs())) return refusal(busy)
    const manifest = await find(modelId).catch(() => null)
    if (!manifest) return refusal(unknown)
    const frame = encodeFrame({ type: 'manifest', manifest } satisfies ManifestReply)
    return allowance.take(peer, frame.byteLength, clock.nowMs()) ? frame : refusal(busy)
  }
  const answer = async (stream: FrameStream): Promise<void> => {
    const parse = (frame: Uint8Array) => parseFrame(manifestRequestSchema, frame)
    const end = messageStream<ManifestRequest, ManifestReply>(stream, parse, clock)
    const { modelId } = expectFrame(await end.read(questionTimeoutMs), 'manifest')
    await stream.write(await replyTo(stream.remotePeer, modelId))
    await stream.close()
  }
  return transport.handle(manifestProtocol, answer, { maxStreamsPerPeer: 8 })
}

const unknown = new MarketError('market/no-model', 'This tab does not know that model.')
const busy = new MarketError('market/provider-full', 'This tab has told enough for now.')
