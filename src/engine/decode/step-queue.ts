import { type Owned, OwnerTurns } from './owner-turns.ts'

/** A step of so few rows is short: eight cost one and a half times one. */
export const shortStepRows = 8

/** Work that waits for a step of the model: so many new tokens of one sequence, for somebody. */
export type StepJob = Owned & { readonly tokens: number; readonly signal: AbortSignal | undefined }

type Short<job> = Owned & { job: job; overtaken: boolean }

/**
 * Decides whose step is next. Short jobs, which are answers that stream, share a step where they have equally
 * many tokens. A long one, which is a slice of a prompt, goes alone and overtakes each short one at most once.
 * Within either kind owners take turns, however many jobs each has; of one owner's, the first to come is the first to go.
 */
export class StepQueue<job extends StepJob> {
  readonly #sharedTokens: number
  #short: Short<job>[] = []
  #long: job[] = []
  readonly #shortTurns = new OwnerTurns()
  readonly #longTurns = new OwnerTurns()

  /** Jobs of more tokens than `sharedTokens` go alone. */
  constructor(sharedTokens = shortStepRows) {
    this.#sharedTokens = sharedTokens
  }

  get size(): number {
    return this.#short.length + this.#long.length
  }

  /** Whether answers wait for their next tokens. */
  get streaming(): boolean {
    return this.#short.length > 0
  }

  add(job: job): void {
    if (job.tokens <= shortStepRows) this.#short.push({ job, owner: job.owner, overtaken: false })
    else this.#long.push(job)
  }

  /** Takes out the jobs that nobody wants any more. */
  takeAborted(): job[] {
    const isAborted = (job: job) => job.signal?.aborted === true
    const aborted = [...this.#short.map(({ job }) => job), ...this.#long].filter(isAborted)
    this.#short = this.#short.filter(({ job }) => !isAborted(job))
    this.#long = this.#long.filter((job) => !isAborted(job))
    return aborted
  }

  /** Takes out the jobs of the next step; none when nobody waits. */
  take(): job[] {
    const isOwed = this.#short.some(({ overtaken }) => overtaken)
    return isOwed || this.#long.length === 0 ? this.#takeShort() : this.#takeLong()
  }

  #takeLong(): job[] {
    const [long] = this.#longTurns.order(this.#long)
    if (!long) return []
    this.#longTurns.take(long)
    this.#long = this.#long.filter((job) => job !== long)
    for (const short of this.#short) short.overtaken = true
    return [long]
  }

  #takeShort(): job[] {
    const inTurn = this.#shortTurns.order(this.#short)
    const [first] = inTurn
    if (!first) return []
    // Who only goes along keeps the turn, for work that goes along with nobody's.
    this.#shortTurns.take(first)
    const { tokens } = first.job
    const most = tokens <= this.#sharedTokens ? Math.floor(shortStepRows / tokens) : 1
    const batch = inTurn.filter(({ job }) => job.tokens === tokens).slice(0, most)
    this.#short = this.#short.filter((short) => !batch.includes(short))
    return batch.map(({ job }) => job)
  }
}
