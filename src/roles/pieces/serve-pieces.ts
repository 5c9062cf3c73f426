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

/** What lending takes, apart from the stream. */
export type ServeDeps = { shelf: PieceShelf; clock: Clock; answers: AnswersFirst; budget: ByteBudget }

const firstFrameTimeoutMs = 10_000
/** A reader that neither asks nor takes anything for so long is let go. */
const silenceMs = 120_000

type Line = MessageStream<ReaderFrame, LenderFrame>

/** Lends pieces of one model over one stream until the reader has enough. `onSent` hears bytes as they go out. */
export async function servePieces(
  stream: FrameStream,
  deps: ServeDeps,
  onSent: (bytes: number) => void,
  stopped: AbortSignal,
): Promise<void> {
  const line: Line = lenderEnd(stream, deps.clock)
  const { modelId, pieces } = expectFrame(await line.read(firstFrameTimeoutMs), 'open')
  const gains = gatherGains(deps.shelf, modelId)
  try {
    const model = await deps.shelf.holding(modelId)
    if (!model || model.pieceCount !== pieces) return await refuseLine(line)
    await line.write({ type: 'have', bitmap: toBitmap(model.held, pieces) })
    await new LendingLine(line, modelId, model, deps, onSent).run(gains, stopped)
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
  readonly #onSent: (bytes: number) => void
  readonly #credits = new Credits()
  readonly #over = new AbortController()
  #wanted: number[] = []
  #sending = false

  constructor(
    line: Line,
    modelId: ModelId,
    model: LendableModel,
    deps: ServeDeps,
    onSent: (bytes: number) => void,
  ) {
    this.#line = line
    this.#modelId = modelId
    this.#model = model
    this.#deps = deps
    this.#onSent = onSent
  }

  async run(gains: Gains, stopped: AbortSignal): Promise<void> {
    const { answers } = this.#deps
    gains.listen((piece) => this.#tell({ type: 'gained', pieces: [piece] }))
    const unwatch = answers.watch((busy) => this.#tell({ type: busy ? 'paused' : 'resumed' }))
    const signal = AbortSignal.any([stopped, this.#over.signal])
    if (answers.busy) this.#tell({ type: 'paused' })
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
    if (frame.type === 'credit') return this.#credits.give(frame.frames)
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
      this.#onSent(bytes.byteLength)
    }
    await this.#line.write({ type: 'done', piece })
  }

  /** Waits for the reader, then for the owner's limit, and last for answers: they may begin meanwhile. */
  async #untilDue(bytes: number): Promise<void> {
    const { clock, answers, budget } = this.#deps
    const { signal } = this.#over
    await this.#credits.take(signal)
    const waitMs = budget.book(bytes, clock.nowMs())
    if (waitMs > 0) await clock.sleep(waitMs, signal)
    await answers.idle(signal)
    signal.throwIfAborted()
  }

  /** News are a courtesy: a line that breaks shows elsewhere. */
  #tell(frame: LenderFrame): void {
    void this.#line.write(frame).catch(() => {})
  }
}
