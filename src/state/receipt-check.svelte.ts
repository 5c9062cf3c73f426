import type { AuditReport, AuditVerdict } from '../roles/audit/audit.ts'
import type { Answer } from '../roles/tasks/answer.ts'
import { isCancellation, toFailure, type Failure } from './failure.ts'
import type { Tab } from './tab.ts'

export type { AuditVerdict }

/** One answer computed again, and what that showed. */
export class ReceiptCheck {
  #tab: Tab
  #abort: AbortController | null = null
  running = $state(false)
  report = $state.raw<AuditReport | null>(null)
  failure = $state.raw<Failure | null>(null)

  constructor(tab: Tab) {
    this.#tab = tab
  }

  async run(answer: Answer): Promise<void> {
    this.running = true
    this.report = null
    this.failure = null
    this.#abort = new AbortController()
    try {
      this.report = await this.#tab.check(answer, this.#abort.signal)
    } catch (error) {
      if (!isCancellation(error)) this.failure = toFailure(error)
    }
    this.running = false
  }

  cancel(): void {
    this.#abort?.abort()
  }
}
