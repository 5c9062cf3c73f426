import type { ByteBudget } from '../../domain/byte-budget.ts'
import type { ModelId } from '../../domain/model.ts'
import { toBitmap } from '../../domain/piece-set.ts'
import { MarketError, ProtocolError } from '../../errors/index.ts'
import type { Clock, FrameStream, LendableModel, PieceShelf } from '../../ports/index.ts'
import { parseFrame } from '../../protocol/frame-codec.ts'
import { limits } from '../../protocol/limits.ts'
import {
  type LenderFrame,
  type ReaderFrame,
  encodeLenderFrame,
  readerFrameSchema,
} from '../../protocol/piece-messages.ts'
import { type MessageStream, expectFrame, messageStream } from '../common/frames.ts'
import type { AnswersFirst } from './answers-first.ts'
import { Credits } from './credits.ts'
import type { Stopwatch } from './stopwatch.ts'

/** What lending takes, apart from the stream. */
export type ServeDeps = { shelf: PieceShelf; clock: Clock; answers: AnswersFirst; budget: ByteBudget }

/** What a line tells whoever lends. */
export type ServeWatch = {
  /** Hears bytes as they go out. */
  onSent: (bytes: number) => void
  /** How long the reader has been waited for since it took something: this side's pauses and limit are left out. */
  waited: Stopwatch
}

const firstFrameTimeoutMs = 10_000
/** A reader that says nothing for so long is let go. No download waits so long for a tab that pauses. */
const silenceMs = 600_000
/** Fewer frames are nothing: as many as readers give credit for at once. */
const progressFrames = limits.pieceFramesAhead / 4

type Line = MessageStream<ReaderFrame, LenderFrame>

/** Lends pieces of one model over one stream until the reader has enough. */
export async function servePieces(
  stream: FrameStream,
  deps: ServeDeps,
  watch: ServeWatch,
  stopped: AbortSignal,
): Promise<void> {
  const line: Line = lenderEnd(stream, deps.clock)
  const { modelId, pieces } = expectFrame(await line.read(firstFrameTimeoutMs), 'open')
  const gains = gatherGains(deps.shelf, modelId)
  try {
    const model = await deps.shelf.holding(modelId)
    if (!model || model.pieceCount !== pieces) return await refuseLine(line)
    await line.write({ type: 'have', bitmap: toBitmap(model.held, pieces) })
    await new LendingLine(line, modelId, model, deps, watch).run(gains, stopped)
  } finally {
    gains.stop()
  }
}

/** Pieces of one model that are gained from now on; those that come before anybody listens wait. */
type Gains = { listen(onGained: (piece: number) => void): void; stop(): void }

function gatherGains(shelf: PieceShelf, modelId: ModelId): Gains {
  const waiting: number[] = []
  let tell = (piece: number): unknown => waiting.push(piece)
  return {
    stop: shelf.watchGains((model, piece) => model === modelId && tell(piece)),
    listen(onGained) {
      tell = onGained
      waiting.forEach(onGained)
    },
  }
}

/** The lender's end of a stream of pieces. */
export function lenderEnd(stream: FrameStream, clock: Clock): Line {
  const checked = messageStream<ReaderFrame, LenderFrame>(
    stream,
    (frame) => parseFrame(readerFrameSchema, frame),
    clock,
  )
  return { ...checked, write: (frame) => stream.write(encodeLenderFrame(frame)) }
}

/** Ends a line that was not begun. */
export async function refuseLine(line: Line): Promise<void> {
  const refusal = new MarketError('market/no-model', 'This tab does not lend that model now.')
  await line.write({ type: 'refused', error: refusal.toPeer() })
}

class LendingLine {
  readonly #line: Line
  readonly #modelId: ModelId
  readonly #model: LendableModel
  readonly #deps: ServeDeps
  readonly #watch: ServeWatch
  readonly #credits = new Credits()
  readonly #over = new AbortController()
  #wanted: number[] = []
  #sending = false
  /** Whether the owner's limit holds this side back now. */
  #isLimited = false
  #takenFrames = 0

  constructor(line: Line, modelId: ModelId, model: LendableModel, deps: ServeDeps, watch: ServeWatch) {
    this.#line = line
    this.#modelId = modelId
    this.#model = model
    this.#deps = deps
    this.#watch = watch
  }

  async run(gains: Gains, stopped: AbortSignal): Promise<void> {
    const { answers } = this.#deps
    gains.listen((piece) => this.#tell({ type: 'gained', pieces: [piece] }))
    const unwatch = answers.watch((busy) => {
      this.#tell({ type: busy ? 'paused' : 'resumed' })
      this.#time()
    })
    const signal = AbortSignal.any([stopped, this.#over.signal])
    if (answers.busy) this.#tell({ type: 'paused' })
    this.#time()
    try {
      for (let frame = await this.#read(signal); frame; frame = await this.#read(signal)) this.#take(frame)
    } finally {
      unwatch()
      this.#over.abort(new ProtocolError('protocol/unexpected-frame', 'The line is over.'))
    }
  }

  #read(signal: AbortSignal): Promise<ReaderFrame | null> {
    return this.#line.read(silenceMs, signal)
  }

  #take(frame: ReaderFrame): void {
    if (frame.type === 'credit') return this.#credit(frame.frames)
    const isTooMuch = this.#wanted.length >= limits.piecesAskedAhead
    if (frame.type === 'open' || isTooMuch || frame.piece >= this.#model.pieceCount) {
      throw new ProtocolError(
        'protocol/unexpected-frame',
        'The other side asked for what it may not ask now.',
      )
    }
    this.#wanted.push(frame.piece)
    if (!this.#sending) void this.#sendAll().catch((error: Error) => this.#line.abort(error))
  }

  #credit(frames: number): void {
    this.#credits.give(frames)
    this.#takenFrames += frames
    if (this.#takenFrames < progressFrames) return
    this.#takenFrames = 0
    this.#watch.waited.reset()
  }

  async #sendAll(): Promise<void> {
    this.#sending = true
    for (let [piece] = this.#wanted; piece !== undefined; [piece] = this.#wanted) {
      await this.#sendPiece(piece)
      this.#wanted.shift()
    }
    this.#sending = false
  }

  async #sendPiece(piece: number): Promise<void> {
    const content = await this.#deps.shelf.read(this.#modelId, piece)
    if (!content) return this.#line.write({ type: 'absent', piece })
    for (let start = 0; start < content.byteLength; start += limits.pieceBytesPerFrame) {
      const bytes = content.subarray(start, start + limits.pieceBytesPerFrame)
      await this.#untilDue(bytes.byteLength)
      await this.#line.write({ type: 'bytes', bytes })
      this.#watch.onSent(bytes.byteLength)
    }
    await this.#line.write({ type: 'done', piece })
  }

  /** Waits for the reader, then for the owner's limit, and last for answers: they may begin meanwhile. */
  async #untilDue(bytes: number): Promise<void> {
    const { clock, answers, budget } = this.#deps
    const { signal } = this.#over
    await this.#credits.take(signal)
    const waitMs = budget.book(bytes, clock.nowMs())
    if (waitMs > 0) await this.#holdForLimit(waitMs, signal)
    await answers.idle(signal)
    signal.throwIfAborted()
  }

  async #holdForLimit(waitMs: number, signal: AbortSignal): Promise<void> {
    this.#isLimited = true
    this.#time()
    await this.#deps.clock.sleep(waitMs, signal)
    this.#isLimited = false
    this.#time()
  }

  /** The reader is waited for unless this side holds back. */
  #time(): void {
    this.#watch.waited.run(!this.#isLimited && !this.#deps.answers.busy)
  }

  /** News are a courtesy: a line that breaks shows elsewhere. */
  #tell(frame: LenderFrame): void {
    void this.#line.write(frame).catch(() => {})
  }
}
