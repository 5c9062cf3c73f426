import type { PeerId } from '../../domain/bytes.ts'
import { SourceRests } from '../../domain/source-rests.ts'
import { BaseError, StorageError } from '../../errors/index.ts'
import type { Clock } from '../../ports/index.ts'

/** How long a tab is left alone that lied, and one that just did not answer. */
const restMs = { lied: 600_000, failed: 10_000 }

/** What no honest tab does. */
const misbehaviour = new Set<string>([
  'protocol/malformed',
  'protocol/too-large',
  'protocol/unexpected-frame',
])

/** Tabs that are left alone for a while after what they did, over all downloads. */
export class TabRests {
  readonly #rests = new SourceRests<BaseError>()
  readonly #clock: Clock

  constructor(clock: Clock) {
    this.#clock = clock
  }

  mayAsk(peer: PeerId): boolean {
    return this.#rests.reason(peer, this.#clock.nowMs()) === null
  }

  /** Returns the wrong piece that a tab is left alone for, if that is why. */
  lieOf(peer: PeerId): BaseError | null {
    const reason = this.#rests.reason(peer, this.#clock.nowMs())
    return reason && isLie(reason) ? reason : null
  }

  /** Leaves a tab alone because of how its line ended, the longer the worse it was. */
  blame(peer: PeerId, error: unknown): void {
    const reason = error instanceof BaseError ? error : nobodyHasIt(error)
    const forMs = isLie(reason) || misbehaviour.has(reason.code) ? restMs.lied : restMs.failed
    this.#rests.rest(peer, this.#clock.nowMs() + forMs, isLie(reason) ? namingTab(reason, peer) : reason)
  }
}

/** Returns the error of a download that no tab can finish now. */
export function nobodyHasIt(cause?: unknown): StorageError {
  return new StorageError('storage/source-failed', 'No other tab has the rest of this model now.', { cause })
}

function isLie({ code }: BaseError): boolean {
  return code === 'storage/hash-mismatch'
}

function namingTab(lie: BaseError, peer: PeerId): StorageError {
  const details = `from tab ${peer}`
  return new StorageError('storage/hash-mismatch', lie.shortMessage, { details, cause: lie })
}
