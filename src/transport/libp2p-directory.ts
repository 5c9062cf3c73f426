import type { PeerId } from '../domain/bytes.ts'
import type { SignedOffer } from '../domain/offer.ts'
import type { Clock } from '../ports/clock.ts'
import type { Directory, DirectoryView } from '../ports/directory.ts'
import { DirectoryLine } from './directory-line.ts'
import { earliestExpiry, mergeViews } from './merge-views.ts'
import type { RelayLinks } from './relay-links.ts'
import { abortedWait, noRelay } from './stream-errors.ts'
import { Watchers } from './watchers.ts'

const firstViewTimeoutMs = 10_000

/** A timer set for longer than a signed 32-bit number would fire at once. */
const longestTimerMs = 60_000

/** A directory that can be given up. */
export type Libp2pDirectory = Directory & { stop(): void }

/** Returns the directory that a tab's relays keep together. It follows their connections until stopped. */
export function createLibp2pDirectory(links: RelayLinks, clock: Pick<Clock, 'nowMs'>): Libp2pDirectory {
  return new RelayedDirectory(links, clock)
}

class RelayedDirectory implements Libp2pDirectory {
  readonly #links: RelayLinks
  readonly #clock: Pick<Clock, 'nowMs'>
  readonly #lines = new Map<PeerId, DirectoryLine>()
  readonly #views = new Watchers<DirectoryView>()
  readonly #departures = new Watchers<PeerId>()
  readonly #unfollow: () => void
  #current: SignedOffer | null = null
  #expiry: ReturnType<typeof setTimeout> | undefined

  constructor(links: RelayLinks, clock: Pick<Clock, 'nowMs'>) {
    this.#links = links
    this.#clock = clock
    this.#unfollow = links.watch((relays) => this.#follow(relays))
    this.#follow(links.connected())
  }

  async publish(offer: SignedOffer): Promise<void> {
    this.#current = offer
    const lines = this.#links.connected().flatMap((relay) => this.#lines.get(relay) ?? [])
    if (lines.length === 0) throw noRelay()
    try {
      await Promise.any(lines.map((line) => line.publish(offer)))
    } catch (error) {
      throw error instanceof AggregateError ? error.errors[0] : error
    }
  }

  async withdraw(): Promise<void> {
    this.#current = null
    await Promise.all([...this.#lines.values()].map((line) => line.withdraw()))
  }

  async list(signal?: AbortSignal): Promise<DirectoryView> {
    if (signal?.aborted) throw abortedWait(signal)
    if (!this.#informed) await this.#untilInformed(signal)
    return this.#view()
  }

  watch(onView: (view: DirectoryView) => void): () => void {
    onView(this.#view())
    return this.#views.add(onView)
  }

  watchDepartures(onDeparted: (peer: PeerId) => void): () => void {
    return this.#departures.add(onDeparted)
  }

  stop(): void {
    this.#unfollow()
    clearTimeout(this.#expiry)
    for (const line of this.#lines.values()) line.stop()
  }

  get #informed(): boolean {
    return [...this.#lines.values()].some(({ informed }) => informed)
  }

  #follow(relays: PeerId[]): void {
    for (const relay of relays) {
      const line = this.#lines.get(relay) ?? this.#addLine(relay)
      void line.run()
    }
    this.#tell()
  }

  #addLine(relay: PeerId): DirectoryLine {
    const line = new DirectoryLine(relay, this.#links, {
      onChange: () => this.#tell(),
      onDeparted: (peer) => this.#onDeparted(peer),
    })
    this.#lines.set(relay, line)
    if (this.#current) line.publish(this.#current).catch(() => {})
    return line
  }

  #onDeparted(peer: PeerId): void {
    this.#links.suspect(peer)
    this.#departures.tell(peer)
  }

  #view(): DirectoryView {
    const views = [...this.#lines.values()].map(({ view }) => view)
    return mergeViews(views, this.#clock.nowMs() / 1000)
  }

  #tell(): void {
    const view = this.#view()
    clearTimeout(this.#expiry)
    const expiry = earliestExpiry(view)
    if (expiry !== null) {
      const delayMs = Math.min(expiry * 1000 - this.#clock.nowMs() + 10, longestTimerMs)
      this.#expiry = setTimeout(() => this.#tell(), delayMs)
    }
    this.#views.tell(view)
  }

  #untilInformed(signal?: AbortSignal): Promise<void> {
    const { promise, resolve, reject } = Promise.withResolvers<void>()
    const stopWatching = this.#views.add(() => this.#informed && resolve())
    const timer = setTimeout(() => reject(noRelay()), firstViewTimeoutMs)
    const giveUp = () => signal && reject(abortedWait(signal))
    signal?.addEventListener('abort', giveUp, { once: true })
    return promise.finally(() => {
      stopWatching()
      clearTimeout(timer)
      signal?.removeEventListener('abort', giveUp)
    })
  }
}
