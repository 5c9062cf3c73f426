/**
 * Runs the contracts' tests with forge's deep profile, and fails unless all pass and at least a million random calls
 * were made to the invariants.
 */
import { env } from 'node:process'
import { runForgeTests } from './test/forge-suite.ts'

const leastCalls = 1_000_000
/** It takes half an hour of two idle cores, and hours of busy ones. */
const limitMinutes = 8 * 60

async function main(): Promise<number> {
  env['FOUNDRY_PROFILE'] = 'deep'
  const result = await runForgeTests([], { limitMinutes })
  if (result === null) return 1
  const { passed, failures, invariantCalls } = result
  for (const failure of failures) console.error(`✗ ${failure}`)
  console.log(`${passed} passed, ${failures.length} failed, ${invariantCalls} calls to invariants.`)
  if (invariantCalls < leastCalls) console.error(`Fewer calls than ${leastCalls}: see [profile.deep].`)
  return failures.length === 0 && invariantCalls >= leastCalls ? 0 : 1
}

process.exitCode = await main()
