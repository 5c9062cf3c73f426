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
import { type MessageStream, expectFrame, messageStream } from '../common/frames.ts'
import type { AnswersFirst } from './answers-first.ts'
import type { PieceTraffic } from './piece-traffic.ts'
import { Stopwatch } from './stopwatch.ts'

/** What reading takes, apart from the stream. */
export type PieceLineDeps = { clock: Clock; answers: AnswersFirst; traffic: PieceTraffic }

/** What a line tells its download. */
export type PieceLineEvents = {
  /** It may be asked for more. */
  onReady(): void
  onPiece(received: IncomingPiece): void
  /** It has not what it said it had. */
  onAbsent(piece: number): void
}

/** A piece on its way, as much of it as has come. */
export type IncomingPiece = ReceivedPiece & { filledBytes: number; askedAtMs: number }

const firstFrameTimeoutMs = 10_000
/** A line on which nothing happens for so long is let go. */
const silenceMs = 120_000
/** Credit is given back in parts, so that it costs few frames. */
const creditFrames = limits.pieceFramesAhead / 4
/** Fewer bytes are no progress: a lender that drips them could keep its pieces from everybody else for ever. */
const progressBytes = limits.pieceBytesPerFrame
/** Pieces that it may say it has and not have, as a tab does whose disk forgets, before it is let go. */
const mostAbsent = 3

/** One tab that lends, as the download sees it. */
export class PieceLine {
  readonly peer: PeerId
  readonly held = new Set<number>()
  /** Pieces that were asked for and have not come, in order. */
  readonly asked: IncomingPiece[] = []
  readonly #line: MessageStream<LenderFrame, ReaderFrame>
  readonly #request: PieceRequest
  readonly #deps: PieceLineDeps
  readonly #events: PieceLineEvents
  #isPaused = false
  /** Whether this side gives no credit now. */
  #isHeld = false
  /** How long it has kept this side waiting since its last progress. */
  readonly #waited: Stopwatch
  /** How long it has paused since then. */
  readonly #paused: Stopwatch
  #unseenBytes = 0
  #uncredited = 0
  #absent = 0

  constructor(stream: FrameStream, request: PieceRequest, deps: PieceLineDeps, events: PieceLineEvents) {
    this.peer = stream.remotePeer
    this.#line = messageStream(stream, parseLenderFrame, deps.clock)
    this.#request = request
    this.#deps = deps
    this.#events = events
    this.#waited = new Stopwatch(deps.clock)
    this.#paused = new Stopwatch(deps.clock)
  }

  /** Whether what it was asked for has got no further for so long, pauses for answers left out. */
  isSilent(forMs: number): boolean {
    return this.#waited.elapsedMs > forMs
  }

  /** Whether it has paused for so long since it brought something, however often it went on in between. */
  hasPaused(forMs: number): boolean {
    return this.#paused.elapsedMs > forMs
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
    const askedAtMs = this.#deps.clock.nowMs()
    this.asked.push({ piece, content: new Uint8Array(bytes), filledBytes: 0, askedAtMs })
    this.#watch()
    void this.#line.write({ type: 'want', piece }).catch((error: Error) => this.#line.abort(error))
  }

  /**
   * Takes what comes until the lender ends the line or the signal aborts.
   * @throws StorageError `storage/hash-mismatch` for a wrong piece, `storage/source-failed` when too many are absent,
   * ProtocolError, TransportError
   */
  async run(signal: AbortSignal): Promise<void> {
    while (true) {
      const frame = await this.#line.read(silenceMs, signal)
      if (!frame) return
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
        return this.#miss(this.#first(frame.piece))
      case 'gained':
        for (const piece of frame.pieces) if (piece < this.#request.pieceCount) this.held.add(piece)
        return this.#events.onReady()
      case 'paused':
      case 'resumed':
        this.#isPaused = frame.type === 'paused'
        this.#watch()
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
    this.#unseenBytes += bytes.byteLength
    if (this.#unseenBytes >= progressBytes) this.#progress()
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
    this.#watch()
    await this.#deps.answers.idle(this.#request.signal ?? new AbortController().signal)
    this.#isHeld = false
    this.#watch()
  }

  async #finish(incoming: IncomingPiece): Promise<void> {
    const { piece, content, filledBytes } = incoming
    if (filledBytes < content.byteLength) throw wrongSize(piece, 'fewer')
    await this.#request.verify({ piece, content })
    // Given up meanwhile, and asked of another tab.
    if (this.asked[0] !== incoming) return
    this.#endFirst()
    this.#events.onPiece(incoming)
    this.#events.onReady()
  }

  #miss({ piece }: IncomingPiece): void {
    this.held.delete(piece)
    this.#endFirst()
    this.#events.onAbsent(piece)
    this.#absent += 1
    if (this.#absent < mostAbsent) return
    throw new StorageError('storage/source-failed', 'The other tab has not what it said it had.')
  }

  #endFirst(): void {
    this.asked.shift()
    this.#progress()
    this.#watch()
  }

  #progress(): void {
    this.#unseenBytes = 0
    this.#waited.reset()
    this.#paused.reset()
  }

  /** It is waited for while something is due: no pause is its fault, and no word but bytes is progress. */
  #watch(): void {
    this.#waited.run(this.asked.length > 0 && !this.#isPaused && !this.#isHeld)
    this.#paused.run(this.#isPaused)
  }

  #first(piece: number): IncomingPiece {
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
