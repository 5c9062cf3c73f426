import type { RelayLog } from './log.ts'

const kept = 10
const troubleWords = /refused|failed|malformed|owed|silent|lost/

/** Something that did not go well, as the log has it. */
export type Trouble = { atMs: number; event: string; facts: Record<string, string | number> }

/** A log that remembers the last events that did not go well, for the status page. */
export class RecentTroubles {
  readonly log: RelayLog
  readonly #troubles: Trouble[] = []

  constructor(log: RelayLog) {
    this.log = (event, facts = {}) => {
      if (troubleWords.test(event)) this.#keep({ atMs: Date.now(), event, facts })
      log(event, facts)
    }
  }

  /** Returns them, the latest first. */
  latest(): Trouble[] {
    return this.#troubles.toReversed()
  }

  #keep(trouble: Trouble): void {
    this.#troubles.push(trouble)
    if (this.#troubles.length > kept) this.#troubles.shift()
  }
}
