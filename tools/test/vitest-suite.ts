import { mkdtemp, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { runPackage } from './run-program.ts'
import type { Suite, Tally } from './suite.ts'

type Report = { numPassedTests: number; numFailedTests: number; numFailedTestSuites: number }

/** Runs one Vitest project of vite.config.ts. */
export function vitestSuite(project: string): Suite {
  return {
    name: project,
    async run() {
      const folder = await mkdtemp(join(tmpdir(), 'opentab-test-'))
      const reportFile = join(folder, 'report.json')
      const args = ['run', '--project', project, '--passWithNoTests', '--reporter=default', '--reporter=json']
      const { exitCode } = await runPackage(
        'vitest/vitest.mjs',
        [...args, `--outputFile.json=${reportFile}`],
        { show: true },
      )
      const json = await readFile(reportFile, 'utf8').catch(() => null)
      await rm(folder, { recursive: true })
      return count(json === null ? null : (JSON.parse(json) as Report), exitCode)
    },
  }
}

/** A file that does not load and an error outside any test fail the run without failing a test: they count too. */
function count(report: Report | null, exitCode: number | null): Tally {
  const passed = report?.numPassedTests ?? 0
  const failed = report?.numFailedTests ?? 0
  if (exitCode === 0 || failed > 0) return { passed, failed }
  return { passed, failed: Math.max(1, report?.numFailedTestSuites ?? 0) }
}
