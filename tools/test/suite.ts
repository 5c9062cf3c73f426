import type { ProgramResult } from './run-program.ts'

/** What the last line of `npm test` adds up. */
export type Tally = { passed: number; failed: number }

/** Something that `npm test` runs by name. */
export type Suite = { name: string; run(): Promise<Tally> }

/** A suite that is one question with one answer: its program's exit code. */
export function check(name: string, program: () => Promise<ProgramResult>): Suite {
  return {
    name,
    async run() {
      const { exitCode, output } = await program()
      if (exitCode === 0) return { passed: 1, failed: 0 }
      console.log(output.trimEnd())
      return { passed: 0, failed: 1 }
    },
  }
}
