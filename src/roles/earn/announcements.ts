import type { Hex } from '../../domain/bytes.ts'
import type { Clock } from '../../ports/index.ts'
import { withinOrNull } from '../common/within.ts'

/** More are not kept; whoever announces without end pushes out its own. */
const keptAnnouncements = 1_000

/** What was announced for a job, and who waits for it. */
export class Announcements<announcement> {
  readonly #announced = new Map<Hex, announcement>()
  readonly #waiting = new Map<Hex, (announced: announcement) => void>()

  add(jobId: Hex, announced: announcement): void {
    this.#announced.set(jobId, announced)
    for (const oldest of this.#announced.keys()) {
      if (this.#announced.size <= keptAnnouncements) break
      this.#announced.delete(oldest)
    }
    this.#waiting.get(jobId)?.(announced)
  }

  /** Returns what is announced for a job by then, or null. */
  async next(jobId: Hex, timeoutMs: number, clock: Clock): Promise<announcement | null> {
    const known = this.#announced.get(jobId)
    if (known !== undefined) return known
    const told = new Promise<announcement>((resolve) => this.#waiting.set(jobId, resolve))
    try {
      return await withinOrNull(timeoutMs, told, clock)
    } finally {
      this.#waiting.delete(jobId)
    }
  }
}
