import { BaseError } from '../../src/errors/index.ts'

/** What a check found, and a line about it. */
export type Finding<value> = { value: value; line: string }

/** Says how each check went, in one line. */
export type Report = {
  /** Runs a check and returns what it found; null where it failed. */
  check<value>(name: string, run: () => Promise<Finding<value>>): Promise<value | null>
  /** Says that there is nothing to check any more. */
  skip(...names: string[]): void
  /** Whether no check failed. */
  readonly passed: boolean
}

/** Returns a report that has no line yet. */
export function openReport(say: (line: string) => void): Report {
  let passed = true
  const put = (outcome: string, name: string, line: string) =>
    say(`${outcome.padEnd(8)}${name.padEnd(13)}${line.replaceAll(/\s+/g, ' ')}`)
  return {
    async check(name, run) {
      try {
        const { value, line } = await run()
        put('passed', name, line)
        return value
      } catch (error) {
        passed = false
        put('FAILED', name, nameError(error))
        return null
      }
    },
    skip: (...names) => names.forEach((name) => put('skipped', name, 'for what failed before')),
    get passed() {
      return passed
    },
  }
}

function nameError(error: unknown): string {
  if (error instanceof BaseError) return [error.shortMessage, error.details].filter(Boolean).join(' ')
  return error instanceof Error ? error.message : String(error)
}
