import type { RelayLog } from './log.ts'

/** What a hub has to go on doing: keep its books, copy them, claim what it earned. */
export type HubTask = 'books' | 'backup' | 'claim'

/** Since when a task fails, and why; `sinceMs` is Unix time in milliseconds. */
export type LastingTrouble = { code: string; sinceMs: number }

/** Which tasks fail now; null for one that is done. */
export type FailingTasks = Record<HubTask, LastingTrouble | null>

/** A log that remembers which tasks of a hub have failed and were not done since. */
export class LastingTroubles {
  readonly log: RelayLog
  readonly #failing: FailingTasks = { books: null, backup: null, claim: null }

  constructor(log: RelayLog) {
    this.log = (event, facts = {}) => {
      this.#note(event, facts.code)
      log(event, facts)
    }
  }

  failing(): FailingTasks {
    return { ...this.#failing }
  }

  #note(event: string, code: string | number = 'unknown'): void {
    const [, task, outcome] = /^hub-(books|backup|claim)-(failed|mended)$/.exec(event) ?? []
    if (!task) return
    const sinceMs = this.#failing[task as HubTask]?.sinceMs ?? Date.now()
    this.#failing[task as HubTask] = outcome === 'failed' ? { code: String(code), sinceMs } : null
  }
}
