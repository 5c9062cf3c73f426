import { ByteBudget } from '../../domain/byte-budget.ts'
import { TransportError } from '../../errors/index.ts'
import type { Clock, FrameStream, Holders, PieceShelf, Transport } from '../../ports/index.ts'
import { limits } from '../../protocol/limits.ts'
import { piecesProtocol } from '../../protocol/protocols.ts'
import type { AnswersFirst } from './answers-first.ts'
import type { PieceTraffic } from './piece-traffic.ts'
import { lenderEnd, refuseLine, servePieces } from './serve-pieces.ts'
import { Stopwatch } from './stopwatch.ts'

/** All that lending takes. */
export type LendDeps = {
  transport: Transport
  holders: Holders
  shelf: PieceShelf
  answers: AnswersFirst
  traffic: PieceTraffic
  clock: Clock
  /** Waits until no other tab of this browser lends: the limit is one for all of them. Returns what gives the turn away. */
  waitForTurn?: (onTurn: () => void) => () => void
}

/** What the page shows of lending. */
export type LendingStatus = {
  isLending: boolean
  /** Tabs that are connected for pieces now. */
  tabs: number
  /** Whether pieces wait for an answer. */
  isPaused: boolean
  /** To and from other tabs, since the page was opened. */
  sentBytes: number
  receivedBytes: number
}

/** A tab that lends pieces of its models to other tabs, whether it sells answers or not. */
export interface Lender {
  status(): LendingStatus
  watch(onStatus: (status: LendingStatus) => void): () => void
  /**
   * Begins to lend, at most so many bytes per second to all together, as soon as no other tab of this browser does;
   * when it lends already, changes that limit.
   */
  start(bytesPerSecond: number): void
  stop(): void
}

/** Tabs that are lent to at the same time. */
const maxTabs = 8
/** A reader that takes next to nothing for so long makes way for another, once all places are taken. */
const patienceMs = 120_000
const announceMs = (limits.holdingLifetimeSeconds * 1000) / 3
const retryMs = 5_000
/** New holdings are told together. */
const gatherMs = 1_000

/** What one reader has of the lender. */
type Place = { waited: Stopwatch; over: AbortController }

const atOnce = (onTurn: () => void) => {
  onTurn()
  return () => {}
}

/** Returns a tab that does not lend yet. */
export function createLender(deps: LendDeps): Lender {
  const { transport, holders, shelf, answers, traffic, clock, waitForTurn = atOnce } = deps
  const listeners = new Set<(status: LendingStatus) => void>()
  const budget = new ByteBudget(1)
  let over: AbortController | null = null
  let leaveTurn: (() => void) | null = null
  const places = new Set<Place>()

  const status = (): LendingStatus => {
    const { sentBytes, receivedBytes } = traffic
    return { isLending: over !== null, tabs: places.size, isPaused: answers.busy, sentBytes, receivedBytes }
  }
  const tell = () => {
    for (const listener of listeners) listener(status())
  }
  const onSent = (bytes: number) => traffic.send(bytes)

  /** Leaves the reader that has taken next to nothing for longest, if that is long enough. */
  const makeWay = () => {
    const [idlest] = [...places].sort((a, b) => b.waited.elapsedMs - a.waited.elapsedMs)
    if (!idlest || idlest.waited.elapsedMs <= patienceMs) return
    places.delete(idlest)
    idlest.over.abort(new TransportError('transport/closed', 'Another tab waits for its place.'))
  }

  const serve = async (stream: FrameStream, stopped: AbortSignal) => {
    if (places.size >= maxTabs) makeWay()
    if (places.size >= maxTabs) return refuseLine(lenderEnd(stream, clock))
    const place: Place = { waited: new Stopwatch(clock), over: new AbortController() }
    places.add(place)
    tell()
    try {
      const ended = AbortSignal.any([stopped, place.over.signal])
      await servePieces(stream, { shelf, clock, answers, budget }, { onSent, waited: place.waited }, ended)
    } finally {
      places.delete(place)
      tell()
    }
  }

  /** Says what is held, again and again before it is forgotten, and soon after the first piece of another model. */
  const announce = async (signal: AbortSignal) => {
    let announced = new Set<string>()
    let nudge = () => {}
    const unwatch = shelf.watchGains((model) => announced.has(model) || nudge())
    const unfollow = transport.watchStatus(() => nudge())
    while (!signal.aborted) {
      const nudged = new Promise<void>((resolve) => (nudge = resolve))
      const models = await shelf.lendable().catch(() => [])
      const told = models.slice(0, limits.modelsPerHolder)
      const isOut = await holders.announce(told).then(
        () => true,
        () => false,
      )
      announced = new Set(told)
      const waited = new AbortController()
      const pause = clock.sleep(isOut ? announceMs : retryMs, AbortSignal.any([signal, waited.signal]))
      await Promise.race([nudged, pause.catch(() => {})])
      waited.abort()
      await clock.sleep(gatherMs, signal).catch(() => {})
    }
    unwatch()
    unfollow()
    if (over === null) await holders.announce([]).catch(() => {})
  }

  const begin = () => {
    over = new AbortController()
    const { signal } = over
    const serving = (stream: FrameStream) => serve(stream, signal)
    const unhandle = transport.handle(piecesProtocol, serving, { maxStreamsPerPeer: 2 })
    signal.addEventListener('abort', unhandle, { once: true })
    void announce(signal)
    tell()
  }

  answers.watch(() => over && tell())
  traffic.watch(tell)

  return {
    status,
    watch(onStatus) {
      listeners.add(onStatus)
      onStatus(status())
      return () => listeners.delete(onStatus)
    },
    start(bytesPerSecond) {
      budget.limit(bytesPerSecond)
      leaveTurn ??= waitForTurn(begin)
    },
    stop() {
      leaveTurn?.()
      leaveTurn = null
      over?.abort(new TransportError('transport/closed', 'This tab stopped lending.'))
      over = null
      tell()
    },
  }
}
