import { HubError } from '../../src/errors/index.ts'
import type { Clock } from '../../src/ports/index.ts'
import { Buckets } from '../buckets.ts'
import type { BucketOptions, TokenBucket } from '../token-bucket.ts'

/** How many lines a peer may open, at a time and after one another. Kept per peer: a new line buys no new burst. */
export class PeerThrottle {
  readonly #maxLines: number
  readonly #clock: Clock
  readonly #buckets: Buckets<string>
  readonly #lines = new Map<string, number>()

  constructor(rate: BucketOptions, maxLines: number, clock: Clock) {
    this.#buckets = new Buckets(rate, () => clock.nowMs())
    this.#maxLines = maxLines
    this.#clock = clock
  }

  /**
   * Runs a peer's line, after a wait where the peer is too fast.
   * @throws HubError `hub/busy`
   */
  async run(peerId: string, line: () => Promise<void>): Promise<void> {
    const lines = this.#lines.get(peerId) ?? 0
    if (lines >= this.#maxLines) throw tooMany()
    this.#lines.set(peerId, lines + 1)
    try {
      await waitFor(this.#buckets.take(peerId), this.#clock)
      await line()
    } finally {
      this.#leave(peerId)
    }
  }

  #leave(peerId: string): void {
    const lines = (this.#lines.get(peerId) ?? 1) - 1
    if (lines > 0) this.#lines.set(peerId, lines)
    else this.#lines.delete(peerId)
  }
}

/**
 * Waits for a bucket's next token.
 * @throws HubError `hub/busy` when that would take too long
 */
export function pace(bucket: TokenBucket, clock: Clock): Promise<void> {
  return waitFor(bucket.take(), clock)
}

async function waitFor(waitMs: number | null, clock: Clock): Promise<void> {
  if (waitMs === null) throw tooMany()
  if (waitMs > 0) await clock.sleep(waitMs)
}

function tooMany(): HubError {
  return new HubError('hub/busy', 'Too many requests. Try again in a few seconds.', {
    details: 'protocol/rate-limited',
  })
}
