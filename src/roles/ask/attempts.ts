import type { PeerId } from '../../domain/bytes.ts'
import type { Hub } from '../../domain/hub.ts'
import { type BaseError, HubError, type PeerError } from '../../errors/index.ts'
import type { Clock } from '../../ports/index.ts'
import { type RouteDeps, type RoutedOffer, canDeposit } from '../fund/choose-route.ts'

/** Providers that are tried before giving up. */
const maxProviders = 4
/** With the waits between them, a minute or so. */
const maxAttempts = 24
/** Times that the offers are listed anew for one question. */
const maxRelists = 4
const firstWaitMs = 250
const longestWaitMs = 4_000

/** What a failed attempt leads to, where somebody should know. */
export type Detour = { hub: Hub; error: PeerError }

/** What attempts are chosen by. */
export type AttemptsDeps = RouteDeps & { clock: Clock }

/** The offers that one question is tried with, in order, and what each failure changes about it. */
export class Attempts {
  made = 0
  #queue: RoutedOffer[]
  /** Offers whose provider has this requester wait until another answer of it is over. */
  #busy: RoutedOffer[] = []
  #waitMs = firstWaitMs
  /** Whether the offers should be listed anew before giving up. */
  #isStale = false
  #relists = 0
  /** Hubs that a deposit for this question did not satisfy: it is tried with them no more. */
  readonly #insatiable = new Set<PeerId>()
  readonly #list: () => Promise<RoutedOffer[]>
  readonly #deps: AttemptsDeps

  /** `list` gives the offers anew, best first. */
  constructor(offers: RoutedOffer[], list: () => Promise<RoutedOffer[]>, deps: AttemptsDeps) {
    this.#queue = offers.slice(0, maxProviders)
    this.#list = list
    this.#deps = deps
  }

  /** Whether the next attempt has to wait. */
  get mustWait(): boolean {
    return this.#queue.length === 0 && (this.#busy.length > 0 || this.#isStale)
  }

  /** Returns what to try next; null when nothing is left. */
  async next(signal: AbortSignal): Promise<RoutedOffer | null> {
    if (this.made >= maxAttempts) return null
    if (this.mustWait) await this.#wait(signal)
    const entry = this.#queue.shift()
    if (!entry || signal.aborted) return null
    this.made += 1
    return entry
  }

  /** Takes note of a failure. Returns null, or which hub the next attempt goes round, and why. */
  async failed({ hub, ...signed }: RoutedOffer, error: BaseError): Promise<Detour | null> {
    if (hub === null) return null
    if (error.code === 'market/channel-busy') this.#busy.push({ ...signed, hub })
    if (!(error instanceof HubError)) return null
    if (error.code === 'hub/underfunded') this.#leaveOut(hub)
    this.#deps.hubs.forget(hub.peerId)
    const mayGoRound = signed.offer.listingId === null && error.code !== 'hub/spread-changed'
    if (mayGoRound && (await canDeposit(this.#deps).catch(() => false))) {
      this.#queue.unshift({ ...signed, hub: null })
      return { hub, error: error.toPeer() }
    }
    // What hub and provider are to each other may be another thing in a moment; their offers will tell.
    if (error.retryable && this.#relists < maxRelists) this.#isStale = true
    return null
  }

  #leaveOut({ peerId }: Hub): void {
    this.#insatiable.add(peerId)
    this.#queue = this.#payable(this.#queue)
    this.#busy = this.#payable(this.#busy)
  }

  #payable(entries: RoutedOffer[]): RoutedOffer[] {
    return entries.filter(({ hub }) => hub === null || !this.#insatiable.has(hub.peerId))
  }

  async #wait(signal: AbortSignal): Promise<void> {
    await this.#deps.clock.sleep(this.#waitMs, signal).catch(() => {})
    this.#waitMs = Math.min(this.#waitMs * 2, longestWaitMs)
    this.#queue.push(...this.#busy.splice(0))
    if (!this.#isStale || signal.aborted) return
    this.#isStale = false
    this.#relists += 1
    this.#queue.push(...this.#payable(await this.#list().catch(() => [])).slice(0, maxProviders))
  }
}
