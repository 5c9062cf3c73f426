import type { Address } from '../../../src/domain/bytes.ts'
import { TransportError } from '../../../src/errors/index.ts'
import type { ChannelRecord, Clock, FrameStream } from '../../../src/ports/index.ts'
import type { HubEarnEvent } from '../../../src/protocol/hub-messages.ts'
import { writeMessage } from '../frame-line.ts'

/** Events that may wait for a slow provider before its line is cut; a new line tells them anew. */
const maxWaiting = 256

/** A provider's line: events in order, of each job's payments that wait only the newest. */
export class EarnLine {
  readonly provider: Address
  /** Hub's channel to the provider, kept or still to be kept. */
  readonly channel: ChannelRecord
  readonly stream: FrameStream
  readonly #clock: Clock
  readonly #waiting: HubEarnEvent[] = []
  #sending = false

  constructor(provider: Address, channel: ChannelRecord, stream: FrameStream, clock: Clock) {
    this.provider = provider
    this.channel = channel
    this.stream = stream
    this.#clock = clock
  }

  send(event: HubEarnEvent): void {
    this.#enqueue(event)
    if (this.#waiting.length > maxWaiting) {
      this.stream.abort(new TransportError('transport/timeout', 'The provider reads too slowly.'))
      return
    }
    void this.#drain()
  }

  #enqueue(event: HubEarnEvent): void {
    const older = this.#waiting.findIndex((waiting) => isOlderPayment(waiting, event))
    if (older >= 0) this.#waiting.splice(older, 1)
    this.#waiting.push(event)
  }

  async #drain(): Promise<void> {
    if (this.#sending) return
    this.#sending = true
    try {
      for (let next = this.#waiting.shift(); next; next = this.#waiting.shift()) {
        await writeMessage(this.stream, next, this.#clock)
      }
    } catch (error) {
      this.stream.abort(error as Error)
    } finally {
      this.#sending = false
    }
  }
}

function isOlderPayment(waiting: HubEarnEvent, event: HubEarnEvent): boolean {
  return waiting.type === 'pay' && event.type === 'pay' && waiting.jobId === event.jobId
}
