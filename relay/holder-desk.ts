import type { PeerId } from '../src/domain/bytes.ts'
import { ProtocolError } from '../src/errors/index.ts'
import type { FrameStream } from '../src/ports/transport.ts'
import { encodeFrame, parseFrame } from '../src/protocol/frame-codec.ts'
import {
  type HolderAnswer,
  type HolderRequest,
  holderRequestSchema,
} from '../src/protocol/holder-messages.ts'
import type { HolderBoard } from './holder-board.ts'
import { TokenBucket } from './token-bucket.ts'

const requests = { burst: 20, perSecond: 2, maxWaitMs: 5_000 }
/** Tabs that are remembered before those with a full bucket are forgotten. */
const rememberedTabs = 1_000

/** Answers tabs that ask who holds a model, and takes down what they hold themselves. */
export class HolderDesk {
  readonly #board: HolderBoard
  /** Kept per tab and not per stream: a new stream buys no new burst. */
  readonly #buckets = new Map<PeerId, TokenBucket>()

  constructor(board: HolderBoard) {
    this.#board = board
  }

  /** Tabs that say they hold something. */
  get tabs(): number {
    return this.#board.size
  }

  async serve(stream: FrameStream): Promise<void> {
    for (let frame = await stream.read(); frame; frame = await stream.read()) {
      const request = parseFrame(holderRequestSchema, frame)
      await this.#throttle(stream.remotePeer)
      await stream.write(encodeFrame(this.#answer(stream.remotePeer, request)))
    }
  }

  /** A tab that left holds nothing here any more. */
  forget(peer: PeerId): void {
    this.#board.remove(peer)
  }

  #answer(peer: PeerId, request: HolderRequest): HolderAnswer {
    if (request.type === 'find') return { type: 'holders', ...this.#board.find(request.modelId, peer) }
    if (this.#board.put(peer, request.models)) return { type: 'announced' }
    return {
      type: 'refused',
      error: new ProtocolError('protocol/rate-limited', 'The list is full.').toPeer(),
    }
  }

  /** @throws ProtocolError `protocol/rate-limited` */
  async #throttle(peer: PeerId): Promise<void> {
    if (this.#buckets.size > rememberedTabs) {
      for (const [other, bucket] of this.#buckets) if (bucket.full) this.#buckets.delete(other)
    }
    const bucket = this.#buckets.get(peer) ?? new TokenBucket(requests)
    this.#buckets.set(peer, bucket)
    const waitMs = bucket.take()
    if (waitMs === null) throw new ProtocolError('protocol/rate-limited', 'Too many requests.')
    if (waitMs > 0) await new Promise((resolve) => setTimeout(resolve, waitMs))
  }
}
