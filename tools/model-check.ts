import { parseOptions, usage } from './model-check/options.ts'
import { openReport } from './model-check/report.ts'
import { runChecks } from './model-check/run-checks.ts'

const say = (line: string) => console.log(line)

try {
  const options = parseOptions(process.argv.slice(2))
  const report = openReport(say)
  if (options) await runChecks(options, report, say)
  else say(usage)
  process.exitCode = report.passed ? 0 : 1
} catch (error) {
  console.error(error instanceof Error ? error.message : error)
  process.exitCode = 1
}
