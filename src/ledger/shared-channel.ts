import type { Hex } from '../domain/bytes.ts'
import type { MicroUsd } from '../domain/price.ts'

/** How many jobs' totals are kept; one that is forgotten and named again takes new money, never old. */
const rememberedJobs = 10_000

/**
 * Which job a channel's vouchers pay for, when it pays for many at once. All jobs together never have more than the
 * vouchers promise on top of the baseline, in whatever order payments come.
 */
export class SharedChannel {
  readonly #baselineMicroUsd: MicroUsd
  readonly #paid = new Map<Hex, MicroUsd>()
  #attributedMicroUsd = 0n

  /** `baselineMicroUsd` is what was promised before: it pays for nothing any more. */
  constructor(baselineMicroUsd: MicroUsd) {
    this.#baselineMicroUsd = baselineMicroUsd
  }

  /** What of the vouchers is counted for some job. */
  get attributedMicroUsd(): MicroUsd {
    return this.#attributedMicroUsd
  }

  /** What a job has been paid in all. */
  paidMicroUsd(jobId: Hex): MicroUsd {
    return this.#paid.get(jobId) ?? 0n
  }

  /**
   * Counts a job's total for it, as far as the highest voucher, which promises `promisedMicroUsd`, covers it besides
   * the other jobs. A total below an earlier one changes nothing. Returns what the job has been paid in all.
   */
  attribute(jobId: Hex, totalMicroUsd: MicroUsd, promisedMicroUsd: MicroUsd): MicroUsd {
    const before = this.paidMicroUsd(jobId)
    const free = promisedMicroUsd - this.#baselineMicroUsd - this.#attributedMicroUsd
    const wanted = totalMicroUsd - before
    const rise = wanted < free ? wanted : free
    if (rise <= 0n) return before
    this.#attributedMicroUsd += rise
    this.#paid.delete(jobId)
    this.#paid.set(jobId, before + rise)
    for (const oldest of this.#paid.keys()) {
      if (this.#paid.size <= rememberedJobs) break
      this.#paid.delete(oldest)
    }
    return before + rise
  }
}
