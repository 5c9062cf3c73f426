import type { ModelId, ModelManifest } from '../../domain/model.ts'
import { MarketError } from '../../errors/index.ts'
import type { Clock, FrameStream, Holders, ManifestPeers, Transport } from '../../ports/index.ts'
import { parseFrame } from '../../protocol/frame-codec.ts'
import {
  type ManifestReply,
  type ManifestRequest,
  manifestReplySchema,
  manifestRequestSchema,
} from '../../protocol/manifest-messages.ts'
import { manifestProtocol } from '../../protocol/protocols.ts'
import { expectFrame, messageStream } from '../frames.ts'

/** Tabs that are asked for one manifest, one after the other. */
const mostAsked = 6
const questionTimeoutMs = 10_000
const answerTimeoutMs = 15_000

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

/** Answers other tabs that ask for manifests. `find` gives those that are known here. Returns what ends it. */
export function serveManifests(
  { transport, clock }: Pick<ManifestPeersDeps, 'transport' | 'clock'>,
  find: (id: ModelId) => Promise<ModelManifest | null>,
): () => void {
  const answer = async (stream: FrameStream): Promise<void> => {
    const parse = (frame: Uint8Array) => parseFrame(manifestRequestSchema, frame)
    const end = messageStream<ManifestRequest, ManifestReply>(stream, parse, clock)
    const { modelId } = expectFrame(await end.read(questionTimeoutMs), 'manifest')
    const manifest = await find(modelId).catch(() => null)
    await end.write(manifest ? { type: 'manifest', manifest } : { type: 'refused', error: unknown.toPeer() })
    await end.close()
  }
  return transport.handle(manifestProtocol, answer, { maxStreamsPerPeer: 4 })
}

const unknown = new MarketError('market/no-model', 'This tab does not know that model.')
