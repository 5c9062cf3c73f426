import type { RelayLog } from './log.ts'

const kept = 10
const tooMany = 'protocol/rate-limited'

/** Something that did not go well, as the log has it. */
export type Trouble = { atMs: number; event: string; facts: Record<string, string | number> }

/**
 * A log that remembers what did not go well lately, for the status page, and counts requests that were no good. What
 * peers provoke is kept apart: they can do so as often as they like, and must not hide what only the host can mend.
 */
export class RecentTroubles {
  readonly log: RelayLog
  /** Requests since the start that broke a protocol, and that were one too many, where the log has their code. */
  readonly counts = { malformed: 0, limited: 0 }
  readonly #own: Trouble[] = []
  readonly #refusals: Trouble[] = []

  constructor(log: RelayLog) {
    this.log = (event, facts = {}) => {
      const trouble = { atMs: Date.now(), event, facts }
      if (event.includes('failed')) this.#keepOwn(trouble)
      else if (/refused|malformed|owed/.test(event)) keep(trouble, this.#refusals)
      this.#count(facts)
      log(event, facts)
    }
  }

  /** Returns what went wrong here, each trouble once, the latest first. */
  latest(): Trouble[] {
    return this.#own.toReversed()
  }

  /** Returns what others were refused, the latest first. */
  refusals(): Trouble[] {
    return this.#refusals.toReversed()
  }

  /** One that comes again and again takes one place. */
  #keepOwn(trouble: Trouble): void {
    const { event, facts } = trouble
    const before = this.#own.findIndex((one) => one.event === event && one.facts.code === facts.code)
    if (before >= 0) this.#own.splice(before, 1)
    keep(trouble, this.#own)
  }

  #count({ code, details }: Trouble['facts']): void {
    if (code === tooMany || details === tooMany) this.counts.limited += 1
    else if (String(code).startsWith('protocol/')) this.counts.malformed += 1
  }
}

function keep(trouble: Trouble, troubles: Trouble[]): void {
  troubles.push(trouble)
  if (troubles.length > kept) troubles.shift()
}
