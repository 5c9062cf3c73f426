import type { SignedOffer } from '../src/domain/offer.ts'
import type { Clock, FrameStream } from '../src/ports/index.ts'
import { encodeFrame } from '../src/protocol/frame-codec.ts'
import { limits } from '../src/protocol/limits.ts'
import type { DirectoryEvent } from '../src/protocol/offer-messages.ts'
import { writeFrame } from './write-frame.ts'

/** What a session tells when it opens or has to start anew. */
export type BoardView = { offers: SignedOffer[]; peers: number }

/** An event, encoded once for all the tabs that are told of it. */
export type Announcement = { type: DirectoryEvent['type']; readonly frame: Uint8Array }

/** Returns an event that is encoded when the first tab is told of it. */
export function announce(event: DirectoryEvent): Announcement {
  let frame: Uint8Array | undefined
  return {
    type: event.type,
    get frame() {
      return (frame ??= encodeFrame(event))
    },
  }
}

/** Events that may wait for a slow tab before it is told everything anew instead. */
const maxWaiting = 64

/** A tab that does not take a frame for so long is cut, in milliseconds. */
const slowReaderMs = 20_000

/** One tab's line to the directory: events in order, never more waiting than a fixed number. */
export class DirectorySession {
  readonly peerId: string
  readonly stream: FrameStream
  readonly #view: () => readonly Announcement[]
  readonly #clock: Pick<Clock, 'sleep'>
  #waiting: Announcement[] = []
  #sending = false
  #viewIsDue = false

  /** `view` returns the whole view as it is now. */
  constructor(stream: FrameStream, view: () => readonly Announcement[], clock: Pick<Clock, 'sleep'>) {
    this.peerId = stream.remotePeer
    this.stream = stream
    this.#view = view
    this.#clock = clock
  }

  /** Sends the whole view, in as many frames as it takes. */
  sendView(): void {
    this.#viewIsDue = true
    void this.#drain()
  }

  send(announcement: Announcement): void {
    // A view that is still to come tells this change as well.
    if (this.#viewIsDue && announcement.type === 'changed') return
    this.#waiting.push(announcement)
    if (this.#waiting.length > maxWaiting) this.#fallBehind()
    void this.#drain()
  }

  /** Leaves what a fresh view will tell as well; answers and departures are not in a view. */
  #fallBehind(): void {
    const kept = this.#waiting.filter(({ type }) => type !== 'changed' && type !== 'view')
    this.#waiting = kept.slice(-maxWaiting)
    this.#viewIsDue = true
  }

  async #drain(): Promise<void> {
    if (this.#sending) return
    this.#sending = true
    try {
      for (let next = this.#next(); next; next = this.#next()) {
        await writeFrame(this.stream, next.frame, slowReaderMs, this.#clock)
      }
    } catch (error) {
      this.stream.abort(error as Error)
    } finally {
      this.#sending = false
    }
  }

  /** The view comes last, so that it is true when it is told. */
  #next(): Announcement | undefined {
    if (this.#waiting.length === 0 && this.#viewIsDue) {
      this.#viewIsDue = false
      this.#waiting = [...this.#view()]
    }
    return this.#waiting.shift()
  }
}

/** Returns a whole view: one `view`, then more of it as changes. */
export function announceView({ offers, peers }: BoardView): Announcement[] {
  const [first = [], ...more] = pagesOf(offers)
  return [
    announce({ type: 'view', offers: first, peers }),
    ...more.map((page) => announce({ type: 'changed', offers: page, gone: [], peers })),
  ]
}

/** Cuts a list into pieces that fit into one frame each. */
export function pagesOf<item>(items: item[]): item[][] {
  const count = Math.ceil(items.length / limits.offersPerFrame)
  return Array.from({ length: count }, (_, page) =>
    items.slice(page * limits.offersPerFrame, (page + 1) * limits.offersPerFrame),
  )
}
