import { systemClock } from '../src/device/system-clock.ts'
import { BaseError, ProtocolError, TransportError } from '../src/errors/index.ts'
import type { Clock, FrameStream } from '../src/ports/index.ts'
import { parseFrame } from '../src/protocol/frame-codec.ts'
import {
  directoryRequestSchema,
  type DirectoryEvent,
  type DirectoryRequest,
} from '../src/protocol/offer-messages.ts'
import { announce, announceView, type Announcement, DirectorySession, pagesOf } from './directory-session.ts'
import { shortPeerId, type RelayLog } from './log.ts'
import type { OfferBoard } from './offer-board.ts'
import { TokenBucket } from './token-bucket.ts'

/** Changes are gathered for so long; with many tabs longer, so that telling them never takes all of the time. */
const coalesceMs = { least: 200, perTab: 0.5 }
const requests = { burst: 10, perSecond: 2, maxWaitMs: 10_000 }
const sweepMs = 1_000

/** What has happened since the start, for `/metrics`. */
export type DirectoryCounts = {
  published: number
  refused: number
  malformed: number
  limited: number
  departed: number
}

/** The directory of a relay: takes offers from tabs and tells every tab of all of them. */
export class DirectoryHost {
  readonly counts: DirectoryCounts = { published: 0, refused: 0, malformed: 0, limited: 0, departed: 0 }
  readonly #board: OfferBoard
  readonly #log: RelayLog
  readonly #clock: Pick<Clock, 'sleep'>
  readonly #sessions = new Map<string, DirectorySession>()
  readonly #changed = new Set<string>()
  /** Kept per tab and not per stream: a new stream buys no new burst. */
  readonly #buckets = new Map<string, TokenBucket>()
  readonly #sweeper: NodeJS.Timeout
  #flushing: NodeJS.Timeout | null = null
  #toldPeers = 0
  /** One for all tabs until it is true no more: those that read nothing keep it waiting. */
  #view: Announcement[] | null = null

  constructor(board: OfferBoard, log: RelayLog, clock: Pick<Clock, 'sleep'> = systemClock) {
    this.#board = board
    this.#log = log
    this.#clock = clock
    this.#sweeper = setInterval(() => this.#sweep(), sweepMs)
  }

  get tabs(): number {
    return this.#sessions.size
  }

  /** Serves one tab for as long as its stream lives. A tab's newer stream takes the place of an older one. */
  async serve(stream: FrameStream): Promise<void> {
    await this.#throttle(stream.remotePeer)
    const session = new DirectorySession(stream, () => this.#currentView(), this.#clock)
    this.#sessions
      .get(session.peerId)
      ?.stream.abort(new TransportError('transport/closed', 'Replaced by a newer stream.'))
    this.#sessions.set(session.peerId, session)
    session.sendView()
    this.#flushSoon()
    try {
      await this.#readRequests(session)
    } finally {
      if (this.#sessions.get(session.peerId) === session) this.#depart(session.peerId)
    }
  }

  stop(): void {
    clearInterval(this.#sweeper)
    if (this.#flushing) clearTimeout(this.#flushing)
    const stopping = new TransportError('transport/closed', 'The relay stops.')
    for (const { stream } of this.#sessions.values()) stream.abort(stopping)
    this.#sessions.clear()
  }

  /** Its count of tabs may be one of a moment ago: the next flush tells the new one. */
  #currentView(): Announcement[] {
    return (this.#view ??= announceView({ offers: this.#board.all(), peers: this.tabs }))
  }

  async #readRequests(session: DirectorySession): Promise<void> {
    for (let frame = await session.stream.read(); frame; frame = await session.stream.read()) {
      await this.#throttle(session.peerId)
      await this.#answer(session, this.#parse(session, frame))
    }
  }

  /**
   * A tab that asks too fast waits; what it sends meanwhile is bounded by its stream.
   * @throws ProtocolError `protocol/rate-limited`
   */
  async #throttle(peerId: string): Promise<void> {
    const bucket = this.#buckets.get(peerId) ?? new TokenBucket(requests)
    this.#buckets.set(peerId, bucket)
    const waitMs = bucket.take()
    if (waitMs === null) {
      this.counts.limited += 1
      throw new ProtocolError('protocol/rate-limited', 'Too many requests. Try again in a few seconds.')
    }
    if (waitMs > 0) await new Promise((resolve) => setTimeout(resolve, waitMs))
  }

  #parse(session: DirectorySession, frame: Uint8Array): DirectoryRequest {
    try {
      return parseFrame(directoryRequestSchema, frame)
    } catch (error) {
      this.counts.malformed += 1
      this.#log('malformed-request', { peer: shortPeerId(session.peerId) })
      throw error
    }
  }

  async #answer(session: DirectorySession, request: DirectoryRequest): Promise<void> {
    if (request.type === 'withdraw') {
      if (this.#board.remove(session.peerId)) this.#change(session.peerId)
      return
    }
    const { sequence } = request.offer.offer
    try {
      const isNew = !this.#board.get(session.peerId)
      await this.#board.put(session.peerId, request.offer)
      this.counts.published += 1
      if (isNew) this.#log('offer-listed', { peer: shortPeerId(session.peerId), offers: this.#board.size })
      session.send(announce({ type: 'published', sequence }))
      this.#change(session.peerId)
    } catch (error) {
      if (!(error instanceof BaseError)) throw error
      this.counts.refused += 1
      this.#log('offer-refused', { peer: shortPeerId(session.peerId), code: error.code })
      session.send(announce({ type: 'refused', sequence, shortMessage: error.shortMessage }))
    }
  }

  /** A tab with an offer is missed at once; that any other left shows in the next count. */
  #depart(peerId: string): void {
    this.#sessions.delete(peerId)
    this.#changed.delete(peerId)
    if (this.#board.remove(peerId)) {
      this.#view = null
      this.counts.departed += 1
      this.#log('departed', { peer: shortPeerId(peerId), offers: this.#board.size })
      this.#tellAll({ type: 'departed', peerId })
    }
    this.#flushSoon()
  }

  #sweep(): void {
    for (const peerId of this.#board.sweep()) this.#change(peerId)
    for (const [peerId, bucket] of this.#buckets) if (bucket.full) this.#buckets.delete(peerId)
  }

  #change(peerId: string): void {
    this.#view = null
    this.#changed.add(peerId)
    this.#flushSoon()
  }

  #flushSoon(): void {
    const delayMs = Math.max(coalesceMs.least, this.tabs * coalesceMs.perTab)
    this.#flushing ??= setTimeout(() => {
      this.#flushing = null
      this.#flush()
    }, delayMs)
  }

  #flush(): void {
    const changed = [...this.#changed]
    this.#changed.clear()
    this.#view = null
    if (changed.length === 0 && this.tabs === this.#toldPeers) return
    this.#toldPeers = this.tabs
    const pages = changed.length > 0 ? pagesOf(changed) : [[]]
    for (const page of pages) this.#tellChanged(page)
  }

  #tellChanged(peerIds: string[]): void {
    const offers = peerIds.flatMap((peerId) => this.#board.get(peerId) ?? [])
    const gone = peerIds.filter((peerId) => !this.#board.get(peerId))
    this.#tellAll({ type: 'changed', offers, gone, peers: this.tabs })
  }

  #tellAll(event: DirectoryEvent): void {
    const announcement = announce(event)
    for (const session of this.#sessions.values()) session.send(announcement)
  }
}
