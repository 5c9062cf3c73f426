import type { PeerId } from '../../domain/bytes.ts'
import { fromBitmap } from '../../domain/piece-set.ts'
import { MarketError, ProtocolError, StorageError } from '../../errors/index.ts'
import type { Clock, FrameStream, PieceRequest, ReceivedPiece } from '../../ports/index.ts'
import { limits } from '../../protocol/limits.ts'
import {
  type LenderFrame,
  type PieceBytes,
  type ReaderFrame,
  parseLenderFrame,
} from '../../protocol/piece-messages.ts'
import { type MessageStream, expectFrame, messageStream } from '../frames.ts'
import type { AnswersFirst } from './answers-first.ts'
import type { PieceTraffic } from './piece-traffic.ts'

/** What reading takes, apart from the stream. */
export type PieceLineDeps = { clock: Clock; answers: AnswersFirst; traffic: PieceTraffic }

/** What a line tells its download. */
export type PieceLineEvents = {
  /** It may be asked for more. */
  onReady(): void
  onPiece(received: ReceivedPiece): void
}

/** A piece on its way, as much of it as has come. */
type Incoming = ReceivedPiece & { filledBytes: number }

const firstFrameTimeoutMs = 10_000
/** A line on which nothing happens for so long is let go. */
const silenceMs = 120_000
/** Credit is given back in parts, so that it costs few frames. */
const creditFrames = limits.pieceFramesAhead / 4

/** One tab that lends, as the download sees it. */
export class PieceLine {
  readonly peer: PeerId
  readonly held = new Set<number>()
  /** Pieces that were asked for and have not come, in order. */
  readonly asked: Incoming[] = []
  readonly #line: MessageStream<LenderFrame, ReaderFrame>
  readonly #request: PieceRequest
  readonly #deps: PieceLineDeps
  readonly #events: PieceLineEvents
  #isPaused = false
  /** Whether this side gives no credit now. */
  #isHeld = false
  #heardAtMs: number
  #uncredited = 0

  constructor(stream: FrameStream, request: PieceRequest, deps: PieceLineDeps, events: PieceLineEvents) {
    this.peer = stream.remotePeer
    this.#line = messageStream(stream, parseLenderFrame, deps.clock)
    this.#request = request
    this.#deps = deps
    this.#events = events
    this.#heardAtMs = deps.clock.nowMs()
  }

  /** Whether it was asked and has been silent for so long since, without saying that answers go first. */
  isSilent(forMs: number): boolean {
    const isDue = this.asked.length > 0 && !this.#isPaused && !this.#isHeld
    return isDue && this.#deps.clock.nowMs() - this.#heardAtMs > forMs
  }

  /** Whether its pieces may be long in coming. */
  isSlow(silentMs: number): boolean {
    return this.#isPaused || this.isSilent(silentMs)
  }

  /** @throws MarketError `market/no-model` where it is refused, ProtocolError, TransportError */
  async open(): Promise<void> {
    const { model, pieceCount } = this.#request
    await this.#line.write({ type: 'open', modelId: model, pieces: pieceCount })
    const first = expectFrame(await this.#line.read(firstFrameTimeoutMs), 'have', 'refused')
    if (first.type === 'refused') throw new MarketError('market/no-model', first.error.shortMessage)
    const held = fromBitmap(first.bitmap, pieceCount)
    if (!held) throw malformed('a bitmap of another size')
    for (const piece of held) this.held.add(piece)
  }

  want(piece: number, bytes: number): void {
    if (this.asked.length === 0) this.#heardAtMs = this.#deps.clock.nowMs()
    this.asked.push({ piece, content: new Uint8Array(bytes), filledBytes: 0 })
    void this.#line.write({ type: 'want', piece }).catch((error: Error) => this.#line.abort(error))
  }

  /**
   * Takes what comes until the lender ends the line or the signal aborts.
   * @throws StorageError `storage/hash-mismatch` for a wrong piece, ProtocolError, TransportError
   */
  async run(signal: AbortSignal): Promise<void> {
    while (true) {
      const frame = await this.#line.read(silenceMs, signal)
      if (!frame) return
      this.#heardAtMs = this.#deps.clock.nowMs()
      await this.#take(frame)
    }
  }

  end(error: Error): void {
    this.#line.abort(error)
  }

  async #take(frame: LenderFrame): Promise<void> {
    switch (frame.type) {
      case 'bytes':
        return this.#append(frame)
      case 'done':
        return this.#finish(this.#first(frame.piece))
      case 'absent':
        this.held.delete(this.#first(frame.piece).piece)
        this.asked.shift()
        return this.#events.onReady()
      case 'gained':
        for (const piece of frame.pieces) if (piece < this.#request.pieceCount) this.held.add(piece)
        return this.#events.onReady()
      case 'paused':
      case 'resumed':
        this.#isPaused = frame.type === 'paused'
        return this.#events.onReady()
      default:
        throw malformed(`"${frame.type}" out of turn`)
    }
  }

  async #append({ bytes }: PieceBytes): Promise<void> {
    const [incoming] = this.asked
    if (!incoming) throw malformed('bytes that nobody asked for')
    const { content, filledBytes, piece } = incoming
    if (filledBytes + bytes.byteLength > content.byteLength) throw wrongSize(piece, 'more')
    content.set(bytes, filledBytes)
    incoming.filledBytes += bytes.byteLength
    this.#request.onBytes?.(bytes.byteLength)
    this.#deps.traffic.receive(bytes.byteLength)
    this.#uncredited += 1
    if (this.#uncredited < creditFrames) return
    await this.#holdForAnswers()
    await this.#line.write({ type: 'credit', frames: this.#uncredited })
    this.#uncredited = 0
  }

  /** An answer that is under way here goes first, too: meanwhile nobody can blame the lender. */
  async #holdForAnswers(): Promise<void> {
    if (!this.#deps.answers.busy) return
    this.#isHeld = true
    await this.#deps.answers.idle(this.#request.signal ?? new AbortController().signal)
    this.#isHeld = false
    this.#heardAtMs = this.#deps.clock.nowMs()
  }

  async #finish(incoming: Incoming): Promise<void> {
    const { piece, content, filledBytes } = incoming
    if (filledBytes < content.byteLength) throw wrongSize(piece, 'fewer')
    await this.#request.verify({ piece, content })
    // Given up meanwhile, and asked of another tab.
    if (this.asked[0] !== incoming) return
    this.asked.shift()
    this.#events.onPiece({ piece, content })
    this.#events.onReady()
  }

  #first(piece: number): Incoming {
    const [incoming] = this.asked
    if (incoming?.piece === piece) return incoming
    throw malformed(`word of piece ${piece} out of turn`)
  }
}

function malformed(what: string): ProtocolError {
  return new ProtocolError('protocol/unexpected-frame', `The other tab sent ${what}.`)
}

function wrongSize(piece: number, than: 'more' | 'fewer'): StorageError {
  const message = `Piece ${piece} came with ${than} bytes than the model's description promises.`
  return new StorageError('storage/hash-mismatch', message)
}
