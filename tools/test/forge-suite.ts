import { foundryBinary } from '../native-binary.ts'
import { runProgram } from './run-program.ts'
import type { Suite, Tally } from './suite.ts'

type TestResult = { status: 'Success' | 'Failure' | 'Skipped'; reason: string | null }
type Report = Record<string, { test_results: Record<string, TestResult> }>

/** Runs the contracts' own tests: unit, fuzz and invariant. */
export const forgeSuite: Suite = {
  name: 'contracts',
  async run() {
    const { stdout, output } = await runProgram(foundryBinary('forge'), ['test', '--json'])
    const report = parseReport(stdout)
    if (report === null) {
      console.log(output.trimEnd())
      return { passed: 0, failed: 1 }
    }
    const tally: Tally = { passed: 0, failed: 0 }
    for (const [contract, { test_results: results }] of Object.entries(report)) {
      for (const [test, { status, reason }] of Object.entries(results)) {
        if (status === 'Success') tally.passed += 1
        else {
          tally.failed += 1
          console.log(`  ✗ ${contract} ${test}: ${reason ?? status}`)
        }
      }
    }
    return tally
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
