/**
 * Breaks one rule of the contracts at a time, in a copy, and fails unless their tests notice each time.
 * The faults are in contracts/faults.json: `replace` stands for `find`, which occurs once in `file`.
 */
import { cp, mkdtemp, readFile, rm, symlink, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { env } from 'node:process'
import { fileURLToPath } from 'node:url'
import { runForgeTests } from './test/forge-suite.ts'

type Fault = { rule: string; file: string; find: string; replace: string }

const root = fileURLToPath(new URL('..', import.meta.url))
const copied = ['foundry.toml', 'tools/solc.mjs', 'contracts/src', 'contracts/test', 'contracts/gas.json']

async function main(): Promise<number> {
  // Without the optimiser the copies compile faster; the gas is another then, so it is not compared.
  env['FOUNDRY_OPTIMIZER'] = 'false'
  env['FOUNDRY_DENY'] = 'never'
  env['FOUNDRY_INVARIANT_SHRINK_RUN_LIMIT'] = '0'
  const faults = JSON.parse(await readFile(join(root, 'contracts/faults.json'), 'utf8')) as Fault[]
  const copy = await mkdtemp(join(tmpdir(), 'opentab-faults-'))
  try {
    return await seedAll(faults, copy)
  } finally {
    await rm(copy, { recursive: true })
  }
}

async function seedAll(faults: Fault[], copy: string): Promise<number> {
  for (const path of copied) await cp(join(root, path), join(copy, path), { recursive: true })
  await symlink(join(root, 'node_modules'), join(copy, 'node_modules'))
  const sound = await testCopy(copy)
  if (sound === null || sound.failures.length > 0) {
    console.error('The contracts fail their tests before any fault is seeded.', sound?.failures ?? '')
    return 1
  }
  let missed = 0
  for (const fault of faults) {
    const caughtBy = await seed(fault, copy)
    if (caughtBy === null) missed += 1
    console.log(`${caughtBy === null ? '✗' : '✓'} ${fault.rule}: ${caughtBy ?? 'no test noticed'}`)
  }
  console.log(`\n${faults.length - missed} of ${faults.length} faults caught.`)
  return missed === 0 ? 0 : 1
}

/** Returns the first test that notices the fault and how many do; null where none does. */
async function seed({ file, find, replace }: Fault, copy: string): Promise<string | null> {
  const path = join(copy, 'contracts/src', file)
  const sound = await readFile(path, 'utf8')
  if (sound.split(find).length !== 2) throw new Error(`Not exactly once in ${file}: ${find}`)
  await writeFile(
    path,
    sound.replace(find, () => replace),
  )
  const result = await testCopy(copy)
  await writeFile(path, sound)
  if (result === null) throw new Error(`The fault in ${file} does not compile: ${replace}`)
  const [first] = result.failures
  return first === undefined ? null : `${result.failures.length} tests notice, first ${first}`
}

async function testCopy(copy: string) {
  const result = await runForgeTests(['--root', copy, '--no-match-contract', 'GasTest'])
  // Counterexamples of one fault say nothing of the next.
  await rm(join(copy, 'contracts/cache/fuzz'), { recursive: true, force: true })
  await rm(join(copy, 'contracts/cache/invariant'), { recursive: true, force: true })
  return result
}

process.exitCode = await main()
