import type { PeerId } from '../domain/bytes.ts'
import type { SignedOffer } from '../domain/offer.ts'
import { MarketError, TransportError } from '../errors/index.ts'
import type { FrameStream } from '../ports/transport.ts'
import { encodeFrame, parseFrame } from '../protocol/frame-codec.ts'
import {
  directoryEventSchema,
  type DirectoryEvent,
  type DirectoryRequest,
} from '../protocol/offer-messages.ts'
import { directoryProtocol } from '../protocol/protocols.ts'
import type { RelayLinks } from './relay-links.ts'
import type { RelayView } from './merge-views.ts'
import { ToldOffers } from './told-offers.ts'

const answerTimeoutMs = 10_000
const openTimeoutMs = 5_000

/** Before a broken line is opened again. */
const pauseMs = 1_000

/** What a line tells its owner: that its view changed, and at once that a tab has left. */
export type LineEvents = { onChange(): void; onDeparted(peer: PeerId): void }

/** A tab's line to one relay's directory, opened again whenever it breaks. */
export class DirectoryLine {
  readonly #relay: PeerId
  readonly #links: RelayLinks
  readonly #events: LineEvents
  readonly #told: ToldOffers
  readonly #answers = new Map<number, PromiseWithResolvers<void>>()
  #current: SignedOffer | null = null
  #stream: FrameStream | null = null
  #running = false
  #stopped = false
  /** Whether this relay has ever told what it lists. */
  informed = false

  constructor(relay: PeerId, links: RelayLinks, events: LineEvents) {
    this.#relay = relay
    this.#links = links
    this.#events = events
    this.#told = new ToldOffers(() => events.onChange())
  }

  get view(): RelayView {
    return { offers: this.#told.offers(), peers: this.#stream ? this.#told.peers : 0 }
  }

  /** Opens the line and keeps it open for as long as the relay is connected. */
  async run(): Promise<void> {
    if (this.#running) return
    this.#running = true
    while (!this.#stopped && this.#links.connected().includes(this.#relay)) {
      await this.#serveOnce().catch(() => {})
      this.#stream = null
      this.#events.onChange()
      await new Promise((resolve) => setTimeout(resolve, pauseMs))
    }
    this.#running = false
    const gone = new TransportError('transport/no-relay', 'The relay went away.')
    for (const { reject } of this.#answers.values()) reject(gone)
  }

  stop(): void {
    this.#stopped = true
    this.#told.stop()
    this.#stream?.abort(new TransportError('transport/closed', 'This tab went offline.'))
  }

  /**
   * Lists an offer here, now and after each reconnect until it is withdrawn.
   * @throws MarketError `market/offer-refused`, TransportError `transport/timeout`, `transport/no-relay`
   */
  async publish(offer: SignedOffer): Promise<void> {
    this.#current = offer
    const answer = Promise.withResolvers<void>()
    const { sequence } = offer.offer
    this.#answers.set(sequence, answer)
    const timer = setTimeout(() => {
      answer.reject(new TransportError('transport/timeout', 'The relay did not answer.'))
    }, answerTimeoutMs)
    void this.#send({ type: 'publish', offer })
    await answer.promise.finally(() => {
      clearTimeout(timer)
      this.#answers.delete(sequence)
    })
  }

  async withdraw(): Promise<void> {
    this.#current = null
    await this.#send({ type: 'withdraw' })
  }

  /** A line that breaks meanwhile tells what is current when it is open again. */
  async #send(request: DirectoryRequest): Promise<void> {
    await this.#stream?.write(encodeFrame(request)).catch(() => {})
  }

  async #serveOnce(): Promise<void> {
    const stream = await this.#links.open(this.#relay, directoryProtocol, AbortSignal.timeout(openTimeoutMs))
    this.#stream = stream
    if (this.#current) await this.#send({ type: 'publish', offer: this.#current })
    try {
      for (let frame = await stream.read(); frame; frame = await stream.read()) {
        this.#take(parseFrame(directoryEventSchema, frame))
      }
    } catch (error) {
      stream.abort(error as Error)
    }
  }

  #take(event: DirectoryEvent): void {
    if (event.type === 'published') return this.#answers.get(event.sequence)?.resolve()
    if (event.type === 'refused') {
      const refusal = new MarketError('market/offer-refused', event.shortMessage)
      return this.#answers.get(event.sequence)?.reject(refusal)
    }
    this.#told.take(event)
    if (event.type === 'view') this.informed = true
    if (event.type === 'departed') this.#events.onDeparted(event.peerId)
    this.#events.onChange()
  }
}
