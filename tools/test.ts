import { chdir } from 'node:process'
import { resolve } from 'node:path'
import { findBrowser } from './find-browser.ts'
import { ensureBrowser } from './install-browser.ts'
import { foundryBinary } from './native-binary.ts'
import { forgeSuite } from './test/forge-suite.ts'
import { runPackage, runProgram } from './test/run-program.ts'
import { check, type Suite, type Tally } from './test/suite.ts'
import { vitestSuite } from './test/vitest-suite.ts'

const suites: Suite[] = [
  check('lint', () => runPackage('oxlint/bin/oxlint', [])),
  check('format', () => runPackage('prettier/bin/prettier.cjs', ['--check', '--log-level=warn', '.'])),
  check('format-contracts', () => runProgram(foundryBinary('forge'), ['fmt', '--check'])),
  check('types', () => runPackage('typescript/bin/tsc', ['-p', '.'])),
  check('types-svelte', () => runPackage('svelte-check/bin/svelte-check', ['--output', 'human'])),
  check('unused', () => runPackage('knip/bin/knip.js', ['--no-progress'])),
  forgeSuite,
  ...['unit', 'state', 'conformance', 'integration', 'browser', 'e2e'].map(vitestSuite),
]
const inBrowser = ['unit', 'conformance', 'integration', 'browser', 'e2e']

chdir(resolve(import.meta.dirname, '..'))
process.once('disconnect', () => process.exit(1))
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) process.once(signal, () => process.exit(1))
process.exit(await runSuites(process.argv.slice(2)))

async function runSuites(names: string[]): Promise<number> {
  const unknown = names.filter((name) => !suites.some((suite) => suite.name === name))
  if (unknown.length > 0) {
    console.error(
      `There is no suite ${unknown.join(', ')}. Suites: ${suites.map(({ name }) => name).join(', ')}`,
    )
    return 2
  }
  const chosen = names.length > 0 ? suites.filter(({ name }) => names.includes(name)) : suites
  if (chosen.some(({ name }) => inBrowser.includes(name)) && !findBrowser()) await ensureBrowser()

  const total: Tally = { passed: 0, failed: 0 }
  for (const suite of chosen) {
    console.log(`\n▶ ${suite.name}`)
    const { passed, failed } = await suite.run()
    console.log(`${failed === 0 ? '✓' : '✗'} ${suite.name}: ${passed} passed, ${failed} failed`)
    total.passed += passed
    total.failed += failed
  }
  console.log(`\n${total.passed} passed, ${total.failed} failed`)
  return total.failed === 0 ? 0 : 1
}
