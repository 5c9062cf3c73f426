/** What is known of the steps that a model runs now. */
export type StepMeter = {
  /** Whether the last step was one sequence's alone and nobody waits for the next. */
  readonly alone: boolean
  /** Cost of one sequence's step of so many rows, in steps of one row. */
  cost(rows: number): number
}

/** Steps that count, roughly: the machine may be busier or cooler in a minute. */
const memorySteps = 16

/** Eight rows cost one and a half times one, until measured here. */
const usualRowCost = 0.5 / 7

/** Measures what one more row adds to a step. A slow step or two, such as when the page is busy, change little. */
export class StepCosts {
  #oneRowMs = Number.NaN
  #rowCost = usualRowCost

  /** Takes in a finished step of one sequence. */
  observe(rows: number, stepMs: number): void {
    if (rows === 1) this.#oneRowMs = blend(this.#oneRowMs, Math.min(stepMs, 2 * (this.#oneRowMs || stepMs)))
    else if (this.#oneRowMs > 0) {
      const rowCost = (stepMs / this.#oneRowMs - 1) / (rows - 1)
      this.#rowCost = blend(this.#rowCost, Math.min(Math.max(rowCost, 0), 1))
    }
  }

  /** Returns the cost of so many rows, in steps of one row. */
  cost(rows: number): number {
    return 1 + this.#rowCost * (rows - 1)
  }
}

function blend(before: number, now: number): number {
  return Number.isNaN(before) ? now : before + (now - before) / memorySteps
}
