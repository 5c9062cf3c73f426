import { spawn, type ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { fileURLToPath } from 'node:url'
import { expect, test } from 'vitest'

const main = fileURLToPath(new URL('main.ts', import.meta.url))

function runRelay(...args: string[]): ChildProcess {
  return spawn(process.execPath, [main, ...args], { stdio: ['ignore', 'pipe', 'pipe'] })
}

async function textOf(stream: NodeJS.ReadableStream | null): Promise<string> {
  let text = ''
  for await (const chunk of stream ?? []) text += String(chunk)
  return text
}

test.each(['SIGINT', 'SIGTERM'] as const)('it prints where it is and stops on %s', async (signal) => {
  const dataDir = await mkdtemp(join(tmpdir(), 'opentab-relay-'))
  const relay = runRelay('--port', '0', '--http-port', '0', '--data', dataDir)
  const lines: string[] = []
  for await (const line of createInterface({ input: relay.stdout! })) {
    lines.push(line)
    if (line.startsWith('Status: ')) relay.kill(signal)
  }
  if (relay.exitCode === null) await once(relay, 'exit')
  expect(relay.exitCode).toBe(0)
  expect(lines.find((line) => line.startsWith('Relay: '))).toMatch(/\/ws\/p2p\/12D3Koo\w+$/)
  expect(lines.at(-1)).toMatch(/Z stopped uptimeSeconds=\d+$/)
  await rm(dataDir, { recursive: true, force: true })
})

test('a wrong option ends it with one sentence and no stack', async () => {
  const relay = runRelay('--port', 'many')
  const [errors] = await Promise.all([textOf(relay.stderr), once(relay, 'exit')])
  expect(relay.exitCode).toBe(1)
  expect(errors).toBe('--port must be a number from 0 to 65535, not "many".\n(relay/invalid-option)\n')
})
