/**
 * Tries the contracts' invariants with forge's deep profile, and fails unless all hold and at least a million random
 * calls were made.
 */
import { env } from 'node:process'
import { runForgeTests } from './test/forge-suite.ts'

const leastCalls = 1_000_000
/** It takes half an hour of two idle cores, and hours of busy ones. */
const limitMinutes = 8 * 60

async function main(): Promise<number> {
  env['FOUNDRY_PROFILE'] = 'deep'
  const result = await runForgeTests(['--match-contract', 'InvariantTest'], { limitMinutes })
  if (result === null) {
    console.error('forge ended without a report.')
    return 1
  }
  const { passed, failures, invariantCalls } = result
  for (const failure of failures) console.error(`✗ ${failure}`)
  console.log(`${passed} invariants hold, ${failures.length} do not, after ${invariantCalls} calls.`)
  if (invariantCalls < leastCalls) console.error(`Fewer calls than ${leastCalls}: see [profile.deep].`)
  return failures.length === 0 && invariantCalls >= leastCalls ? 0 : 1
}

process.exitCode = await main()
