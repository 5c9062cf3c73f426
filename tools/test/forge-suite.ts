import { foundryBinary } from '../native-binary.ts'
import { type ProgramOptions, runProgram } from './run-program.ts'
import type { Suite } from './suite.ts'

type TestResult = {
  status: 'Success' | 'Failure' | 'Skipped'
  reason: string | null
  /** By the kind of test; only an invariant makes random calls. */
  kind: { Invariant?: { calls: number } }
}
type Report = Record<string, { test_results: Record<string, TestResult> }>

/** How the contracts' tests went. */
export type ForgeResult = {
  passed: number
  /** One line for each test that failed. */
  failures: string[]
  /** Random calls that were made to try the invariants. */
  invariantCalls: number
}

/** Runs the contracts' own tests and counts them. Null when they do not compile; what forge said is shown then. */
export async function runForgeTests(
  args: string[] = [],
  options?: ProgramOptions,
): Promise<ForgeResult | null> {
  const { stdout, output } = await runProgram(foundryBinary('forge'), ['test', '--json', ...args], options)
  const report = parseReport(stdout)
  if (report === null) {
    console.log(output.trimEnd())
    return null
  }
  const result: ForgeResult = { passed: 0, failures: [], invariantCalls: 0 }
  for (const [contract, { test_results: results }] of Object.entries(report)) {
    for (const [test, { status, reason, kind }] of Object.entries(results)) {
      result.invariantCalls += kind.Invariant?.calls ?? 0
      if (status === 'Success') result.passed += 1
      else result.failures.push(`${contract} ${test}: ${reason ?? status}`)
    }
  }
  return result
}

/** Runs the contracts' own tests: unit, fuzz, invariant and gas. */
export const forgeSuite: Suite = {
  name: 'contracts',
  async run() {
    const result = await runForgeTests()
    if (result === null) return { passed: 0, failed: 1 }
    for (const failure of result.failures) console.log(`  ✗ ${failure}`)
    return { passed: result.passed, failed: result.failures.length }
  },
}

/** Forge prints something else than JSON when the contracts do not compile. */
function parseReport(stdout: string): Report | null {
  try {
    return JSON.parse(stdout) as Report
  } catch {
    return null
  }
}
