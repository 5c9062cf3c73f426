import type { PeerId } from '../../domain/bytes.ts'
import { choosePiece } from '../../domain/choose-piece.ts'
import { type BaseError, TransportError } from '../../errors/index.ts'
import type {
  Holders,
  PiecePeers,
  PieceRequest,
  Random,
  ReceivedPiece,
  Transport,
} from '../../ports/index.ts'
import { limits } from '../../protocol/limits.ts'
import { piecesProtocol } from '../../protocol/protocols.ts'
import { type IncomingPiece, PieceLine, type PieceLineDeps } from './piece-line.ts'
import { nobodyHasIt, TabRests } from './tab-rests.ts'

/** All that bringing pieces from other tabs takes. */
export type PiecePeersDeps = PieceLineDeps & { transport: Transport; holders: Holders; random: Random }

/** Tabs that are asked at the same time. */
const maxTabs = 6
/** Pieces that each of them is asked for ahead, so that it never waits for the next question. */
const askedAhead = 2
/** Pieces that may wait for the disk. */
const arrivedAhead = 4
const seekMs = 2_000
/** A piece of a tab that gets no further for so long is asked of another one too. */
const slowMs = 4_000
/** A piece that is under way for so long is asked of another tab too, once nothing else is wanted. */
const lateMs = 30_000
/** A tab that was asked and gets no further for so long is given up. */
const silentMs = 20_000
/** A tab that has paused for so long makes way for one that waits. */
const pausedMs = 20_000
/** How long a download that has begun waits for a tab that has more. */
const patienceMs = 20_000
/** How long it waits for tabs that have it and bring it no further: their answers go first. */
const longestPauseMs = 300_000
/** What has to come in that time, or else a piece: less is as good as nothing. */
const progressBytes = 16 * limits.pieceBytesPerFrame

/** Returns the other tabs as a source of pieces; which of them lie is remembered over all downloads. */
export function createPiecePeers(deps: PiecePeersDeps): PiecePeers {
  const rests = new TabRests(deps.clock)
  return { fetch: (request) => new PieceDownload(request, deps, rests).pieces() }
}

class PieceDownload {
  readonly #request: PieceRequest
  readonly #deps: PiecePeersDeps
  readonly #rests: TabRests
  readonly #missing: Map<number, number>
  /** Missing pieces that nobody has been asked for. */
  readonly #wanted: Set<number>
  readonly #lines = new Set<PieceLine>()
  readonly #met = new Set<PeerId>()
  /** What tabs said they had and had not: they are not asked for it again unless they gain it. */
  readonly #absent = new Map<PeerId, Set<number>>()
  readonly #over = new AbortController()
  readonly #signal: AbortSignal
  #arrived: ReceivedPiece[] = []
  #changed = Promise.withResolvers<void>()
  #failure: unknown = null
  #lie: BaseError | null = null
  #hasBegun = false
  #bytesAtMs: number
  #progressAtMs: number
  /** Bytes that have come, useless ones taken off, and the most that they were at the last progress. */
  #bytes = 0
  #mostBytes = 0

  constructor(request: PieceRequest, deps: PiecePeersDeps, rests: TabRests) {
    this.#request = { ...request, onBytes: (bytes) => this.#countBytes(bytes, request) }
    this.#deps = deps
    this.#rests = rests
    this.#missing = new Map(request.missing)
    this.#wanted = new Set(request.missing.keys())
    const { signal } = this.#over
    this.#signal = request.signal ? AbortSignal.any([request.signal, signal]) : signal
    this.#bytesAtMs = this.#progressAtMs = deps.clock.nowMs()
  }

  async *pieces(): AsyncGenerator<ReceivedPiece> {
    const { signal } = this.#request
    const giveUp = () => this.#fail(signal?.reason)
    signal?.addEventListener('abort', giveUp, { once: true })
    void this.#seek()
    try {
      while (this.#missing.size > 0 || this.#arrived.length > 0) {
        signal?.throwIfAborted()
        const received = this.#arrived.shift()
        if (received) {
          yield received
          this.#askAll()
        } else if (this.#failure) throw this.#failure
        else await this.#change()
      }
    } finally {
      signal?.removeEventListener('abort', giveUp)
      this.#over.abort(new TransportError('transport/closed', 'The download is over.'))
    }
  }

  /** Looks for tabs again and again: they come, leave, and gain pieces. */
  async #seek(): Promise<void> {
    const { holders, clock } = this.#deps
    while (!this.#signal.aborted) {
      const found = await holders.find(this.#request.model, this.#signal).catch(() => null)
      for (const peer of found?.peers ?? []) this.#consider(peer)
      for (const line of this.#lines) if (line.isSilent(silentMs)) line.end(tooSlow())
      this.#askAll()
      if (this.#isHopeless(found !== null)) return this.#fail(this.#lie ?? nobodyHasIt())
      await clock.sleep(seekMs, this.#signal).catch(() => {})
    }
  }

  #consider(peer: PeerId): void {
    if (this.#met.has(peer) || this.#signal.aborted) return
    this.#lie ??= this.#rests.lieOf(peer)
    if (!this.#rests.mayAsk(peer)) return
    if (this.#met.size >= maxTabs) return this.#makeWay()
    void this.#meet(peer)
  }

  /** Leaves a tab that has nothing to give, or that pauses for long, so that the next time another one is met. */
  #makeWay(): void {
    const lines = [...this.#lines]
    const useless = lines.find((line) => !this.#isHopeFor(line))
    const idle = useless ?? lines.find((line) => line.hasPaused(pausedMs))
    idle?.end(nobodyHasIt())
  }

  async #meet(peer: PeerId): Promise<void> {
    this.#met.add(peer)
    let line: PieceLine | null = null
    try {
      const stream = await this.#deps.transport.open(peer, piecesProtocol, this.#signal)
      line = this.#openLine(stream)
      await line.open()
      for (const piece of this.#absent.get(peer) ?? []) line.held.delete(piece)
      this.#lines.add(line)
      this.#tellTabs()
      this.#ask(line)
      await line.run(this.#signal)
      line.end(new TransportError('transport/closed', 'The other tab lends no more.'))
      this.#rests.blame(peer, nobodyHasIt())
    } catch (error) {
      line?.end(error instanceof Error ? error : new Error(String(error)))
      if (!this.#signal.aborted) this.#blame(peer, error)
    } finally {
      this.#met.delete(peer)
      if (line) this.#release(line)
    }
  }

  #openLine(stream: Awaited<ReturnType<Transport['open']>>): PieceLine {
    const line: PieceLine = new PieceLine(stream, this.#request, this.#deps, {
      onReady: () => this.#ask(line),
      onPiece: (received) => this.#accept(received, line),
      onAbsent: (piece) => this.#miss(piece, line),
    })
    return line
  }

  #accept(received: IncomingPiece, from: PieceLine): void {
    this.#hasBegun = true
    this.#wanted.delete(received.piece)
    if (!this.#missing.delete(received.piece)) {
      this.#request.onBytes?.(-received.content.byteLength)
      return
    }
    this.#progress()
    this.#arrived.push(received)
    for (const line of this.#lines) {
      const owed = line.asked.find(({ piece }) => piece === received.piece)
      if (owed && line !== from && this.#isLate(line, owed)) line.end(tooSlow())
    }
    this.#changed.resolve()
  }

  /** A tab has not what it said it had: the others are asked. */
  #miss(piece: number, { peer }: PieceLine): void {
    const absent = this.#absent.get(peer) ?? new Set()
    this.#absent.set(peer, absent.add(piece))
    this.#giveBack(piece)
    this.#askAll()
  }

  /** Others take over what a tab was asked for. */
  #release(line: PieceLine): void {
    this.#lines.delete(line)
    for (const { piece, filledBytes } of line.asked.splice(0)) {
      if (filledBytes > 0) this.#request.onBytes?.(-filledBytes)
      this.#giveBack(piece)
    }
    if (this.#signal.aborted) return
    this.#tellTabs()
    this.#askAll()
  }

  /** Anybody may be asked for a piece that nobody is asked for any more. */
  #giveBack(piece: number): void {
    const isAsked = [...this.#lines].some((line) => line.asked.some((asked) => asked.piece === piece))
    if (this.#missing.has(piece) && !isAsked) this.#wanted.add(piece)
  }

  #askAll(): void {
    for (const line of this.#lines) this.#ask(line)
  }

  #ask(line: PieceLine): void {
    if (!this.#lines.has(line) || line.isSlow(slowMs)) return
    while (line.asked.length < askedAhead && this.#arrived.length < arrivedAhead) {
      const piece = this.#choose(line) ?? this.#takeOver(line)
      if (piece === null) return
      this.#wanted.delete(piece)
      line.want(piece, this.#missing.get(piece) ?? 0)
    }
  }

  #choose(line: PieceLine): number | null {
    const [a = 0, b = 0] = this.#deps.random.bytes(2)
    const holdings = [...this.#lines].map(({ held }) => held)
    const chance = (a * 256 + b) / 65_536
    return choosePiece({ wanted: this.#wanted, held: line.held, holdings, chance })
  }

  /** Returns the piece that others are longest in bringing, once there is nothing else to ask for. */
  #takeOver(line: PieceLine): number | null {
    const [late, hurried]: [IncomingPiece[], Set<number>] = [[], new Set()]
    for (const other of this.#lines) {
      for (const asked of other.asked) {
        if (other !== line && this.#isLate(other, asked)) late.push(asked)
        else hurried.add(asked.piece)
      }
    }
    const longestFirst = late.sort((left, right) => left.askedAtMs - right.askedAtMs)
    const mayAsk = (piece: number) => this.#missing.has(piece) && line.held.has(piece) && !hurried.has(piece)
    return longestFirst.find(({ piece }) => mayAsk(piece))?.piece ?? null
  }

  /** Whether another tab may be asked for what one was asked for. */
  #isLate(line: PieceLine, { askedAtMs }: IncomingPiece): boolean {
    return line.isSlow(slowMs) || this.#deps.clock.nowMs() - askedAtMs > lateMs
  }

  #blame(peer: PeerId, error: unknown): void {
    this.#rests.blame(peer, error)
    this.#lie = this.#rests.lieOf(peer) ?? this.#lie
  }

  #isHopeless(isListed: boolean): boolean {
    const nowMs = this.#deps.clock.nowMs()
    const isMeeting = this.#met.size > this.#lines.size
    if (this.#missing.size === 0) return false
    if (nowMs - this.#progressAtMs > longestPauseMs) return true
    if (isMeeting) return false
    if (this.#lines.size === 0 && isListed && !this.#hasBegun) return true
    const hope = [...this.#lines].some((line) => this.#isHopeFor(line))
    return !hope && nowMs - this.#bytesAtMs > patienceMs
  }

  #isHopeFor(line: PieceLine): boolean {
    return line.asked.length > 0 || [...this.#missing.keys()].some((piece) => line.held.has(piece))
  }

  #countBytes(bytes: number, { onBytes }: PieceRequest): void {
    this.#bytes += bytes
    if (bytes > 0) this.#bytesAtMs = this.#deps.clock.nowMs()
    // What is brought once more, because it was not brought to its end, is no progress.
    if (this.#bytes >= this.#mostBytes + progressBytes) this.#progress()
    onBytes?.(bytes)
  }

  #progress(): void {
    this.#mostBytes = Math.max(this.#mostBytes, this.#bytes)
    this.#progressAtMs = this.#deps.clock.nowMs()
  }

  #fail(error: unknown): void {
    this.#failure ??= error
    this.#changed.resolve()
  }

  async #change(): Promise<void> {
    await this.#changed.promise
    this.#changed = Promise.withResolvers()
  }

  #tellTabs(): void {
    this.#request.onTabs?.(this.#lines.size)
  }
}

function tooSlow(): TransportError {
  return new TransportError('transport/timeout', 'The other tab was too slow.')
}
