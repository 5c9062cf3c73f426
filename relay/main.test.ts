import { spawn, type ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { fileURLToPath } from 'node:url'
import { expect, test } from 'vitest'
import { network } from '../tests/fixtures/jobs.ts'

const main = fileURLToPath(new URL('main.ts', import.meta.url))

function runRelay(...args: string[]): ChildProcess {
  return spawn(process.execPath, [main, ...args], { stdio: ['ignore', 'pipe', 'pipe'] })
}

/** Runs a relay that must not start as a hub, and returns what it wrote. */
async function refusedHub(key: string | undefined, ...args: string[]): Promise<string> {
  const dataDir = await mkdtemp(join(tmpdir(), 'opentab-relay-'))
  const networkFile = join(dataDir, 'network.json')
  const base = { ...network, name: 'Base', chainId: 8453 }
  await writeFile(networkFile, JSON.stringify(base))
  const flags = [
    '--port',
    '0',
    '--http-port',
    '0',
    '--data',
    dataDir,
    '--hub',
    '--network',
    networkFile,
    ...args,
  ]
  const env = { ...process.env, ...(key && { OPENTAB_HUB_KEY: key }) }
  const relay = spawn(process.execPath, [main, ...flags], { env, stdio: ['ignore', 'pipe', 'pipe'] })
  const [out, errors] = await Promise.all([textOf(relay.stdout), textOf(relay.stderr), once(relay, 'exit')])
  expect(relay.exitCode).toBe(1)
  await rm(dataDir, { recursive: true })
  return out + errors
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

test('a hub on a public chain does not start without a key of its own and the price of its gas', async () => {
  const [keyless, priceless] = await Promise.all([
    refusedHub(undefined, '--gas-token-usd', '3000'),
    refusedHub(undefined),
  ])
  expect(keyless).toMatch(
    /^A hub on Base needs a key of its own\.\n.*OPENTAB_HUB_KEY.*\n\(relay\/hub-key-missing\)\n$/,
  )
  expect(priceless).toMatch(/--gas-token-usd\.\n\(relay\/invalid-option\)\n$/)
})

test('a hub on a public chain refuses a key that everybody knows, and never writes a key', async () => {
  const key = '0xac0974bec39a17e36ba4a6b4d238ff944bacb478cbed5efcae784d7bf4f2ff80'
  const [known, broken] = await Promise.all([
    refusedHub(key, '--gas-token-usd', '3000'),
    refusedHub(`${key}00`, '--gas-token-usd', '3000'),
  ])
  for (const said of [known, broken]) {
    expect(said).toMatch(/\(relay\/hub-key-refused\)\n$/)
    expect(said).not.toContain(key.slice(2, 20))
  }
})
