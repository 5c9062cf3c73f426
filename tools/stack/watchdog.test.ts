import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { afterEach, beforeEach, expect, test } from 'vitest'

const module = new URL('watchdog.ts', import.meta.url).href
let guarded: ChildProcess

beforeEach(() => {
  guarded = spawn(process.execPath, ['--eval', 'setInterval(() => {}, 1000)'], { stdio: 'ignore' })
})

afterEach(() => {
  guarded.kill('SIGKILL')
})

/** A process that guards the other one and says so. */
async function startGuardian(): Promise<ChildProcess> {
  const code = `import { endWithThisProcess } from '${module}'
    endWithThisProcess(${guarded.pid})
    console.log('guarding')
    setInterval(() => {}, 1000)`
  const guardian = spawn(process.execPath, ['--input-type=module', '--eval', code], {
    stdio: ['ignore', 'pipe', 'ignore'],
  })
  await once(guardian.stdout!, 'data')
  return guardian
}

test('a process ends when the one that started it is killed', async () => {
  const guardian = await startGuardian()
  const ended = once(guarded, 'exit')
  guardian.kill('SIGKILL')
  const [, signal] = (await ended) as [number | null, string]
  expect(signal).toBe('SIGTERM')
})
