import { mkdir, mkdtemp, readdir, rm, writeFile } from 'node:fs/promises'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, test, vi } from 'vitest'
import { type Stack, startStack } from '../../tools/stack/start-stack.ts'

const free = { port: 0, relayPort: 0, relayHttpPort: 0, chainPort: 0, provider: false, development: true }
let dataFolder: string

beforeEach(async () => {
  dataFolder = await mkdtemp(join(tmpdir(), 'opentab-stack-'))
})

afterEach(() => rm(dataFolder, { recursive: true }))

test('a port in use is named with the flag that chooses another', async () => {
  const other = createServer()
  await new Promise<void>((listening) => other.listen(0, '127.0.0.1', listening))
  const { port } = other.address() as AddressInfo
  await expect(startStack({ ...free, dataFolder, chainPort: port })).rejects.toMatchObject({
    code: 'tools/port-in-use',
    shortMessage: expect.stringMatching(new RegExp(`Port ${port}.*already in use[^]*--chain-port`)),
  })
  await new Promise((closed) => other.close(closed))
})

test('a corrupt chain state is moved aside, said so, and the rest starts', async () => {
  await mkdir(join(dataFolder, 'chain'))
  await writeFile(join(dataFolder, 'chain', 'state.json'), '{"block": {')
  const lines: string[] = []
  const stack = await startStack({ ...free, dataFolder, say: (line) => lines.push(line) })
  try {
    expect(await readdir(join(dataFolder, 'chain'))).toContainEqual(
      expect.stringContaining('state.json.corrupt-'),
    )
    expect(lines.join('\n')).toMatch(/state file is corrupt.*starts afresh/)
    const response = await fetch(new URL('network.json', stack.url))
    expect(await response.json()).toEqual(stack.network)
    expect(response.headers.get('content-type')).toContain('json')
  } finally {
    await stack.stop()
  }
})

test('the page is served isolated and with its security policy', async () => {
  const stack = await startStack({ ...free, dataFolder })
  try {
    const response = await fetch(stack.url)
    expect(response.headers.get('cross-origin-opener-policy')).toBe('same-origin')
    expect(response.headers.get('cross-origin-embedder-policy')).toBe('require-corp')
    expect(await response.text()).toContain('Content-Security-Policy')
  } finally {
    await stack.stop()
  }
})

/** Returns what a stack's relay says of its hub once it has read the figures. */
function readHub({ relay }: Stack): Promise<Record<string, unknown>> {
  return vi.waitFor(async () => {
    const health = (await (await fetch(`${relay.httpUrl}/health`)).json()) as { hub: Record<string, unknown> }
    expect(health.hub.figures).not.toBeNull()
    return health.hub
  }, 10_000)
}

test('contracts, relay and the money of its hub outlive a restart', async () => {
  const first = await startStack({ ...free, dataFolder })
  const hub = await readHub(first)
  await first.stop()
  expect(hub).toMatchObject({ warnings: [], figures: { freeMicroUsd: '1000000000' } })
  const second = await startStack({ ...free, dataFolder })
  expect(await readHub(second)).toEqual(hub)
  await second.stop()
  expect(second.network).toEqual({
    ...first.network,
    rpcUrl: second.network.rpcUrl,
    relays: second.network.relays,
  })
  expect(second.relay.peerId).toBe(first.relay.peerId)
})

test('a hub does not trust books of a chain that is no more', async () => {
  const first = await startStack({ ...free, dataFolder })
  const { account } = await readHub(first)
  await first.stop()
  await writeFile(join(dataFolder, 'chain', 'state.json'), '{"block": {')
  const second = await startStack({ ...free, dataFolder })
  const hub = await readHub(second)
  await second.stop()
  expect(hub.account).not.toBe(account)
  expect(await readdir(join(dataFolder, 'relay'))).toContainEqual(expect.stringMatching(/^hub\.old-\d+$/))
})

test('aborting while it starts ends what was started', async () => {
  const abort = new AbortController()
  const lines: string[] = []
  const say = (line: string) => {
    lines.push(line)
    if (line.startsWith('Contracts')) abort.abort()
  }
  await expect(startStack({ ...free, dataFolder, say, signal: abort.signal })).rejects.toThrow(/abort/i)
  const chain = /http:\S+/.exec(lines[0] ?? '')?.[0] ?? ''
  await expect(fetch(chain)).rejects.toThrow('fetch failed')
})
