import { chmod, mkdtemp, rm, stat, writeFile } from 'node:fs/promises'
import { createServer, type AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { startRelay } from './start-relay.ts'

let dataDir: string

beforeEach(async () => {
  dataDir = await mkdtemp(join(tmpdir(), 'opentab-relay-'))
})
afterEach(() => rm(dataDir, { recursive: true, force: true }))

/** Runs with a port that is taken. */
async function withTakenPort(run: (port: number) => Promise<void>): Promise<void> {
  const server = createServer()
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  await run((server.address() as AddressInfo).port).finally(() => server.close())
}

test('it tells its health and its metrics', async () => {
  const relay = await startRelay({ dataDir })
  const health = (await (await fetch(`${relay.httpUrl}/health`)).json()) as Record<string, unknown>
  expect(health).toMatchObject({ status: 'ok', peerId: relay.peerId, peers: 0, offers: 0 })
  expect(health.multiaddrs).toEqual(relay.multiaddrs)
  expect(relay.multiaddrs[0]).toMatch(new RegExp(`^/ip4/127.0.0.1/tcp/\\d+/ws/p2p/${relay.peerId}$`))
  const metrics = await (await fetch(`${relay.httpUrl}/metrics`)).text()
  expect(metrics).toMatch(/^opentab_relay_offers 0$/m)
  expect(metrics).toMatch(/^# TYPE opentab_relay_departures_total counter$/m)
  const page = await fetch(`${relay.httpUrl}/`)
  expect(page.headers.get('content-type')).toBe('text/html; charset=utf-8')
  expect(await page.text()).toContain(relay.multiaddrs[0])
  expect((await fetch(`${relay.httpUrl}/else`)).status).toBe(404)
  await relay.stop()
})

test('its key stays, so its address stays, and only its owner may read it', async () => {
  const first = await startRelay({ dataDir })
  await first.stop()
  const second = await startRelay({ dataDir })
  await second.stop()
  expect(second.peerId).toBe(first.peerId)
  expect((await stat(join(dataDir, 'peer.key'))).mode & 0o777).toBe(0o600)
})

test('what is announced is what tabs are told', async () => {
  const relay = await startRelay({ dataDir, announce: ['/dns4/relay.example.org/tcp/443/tls/ws'] })
  expect(relay.multiaddrs).toEqual([`/dns4/relay.example.org/tcp/443/tls/ws/p2p/${relay.peerId}`])
  await relay.stop()
})

test('a taken port is said clearly, and nothing is left running', async () => {
  await withTakenPort(async (port) => {
    const expected = { code: 'relay/port-in-use', shortMessage: expect.stringContaining(String(port)) }
    await expect(startRelay({ dataDir, port })).rejects.toMatchObject(expected)
    await expect(startRelay({ dataDir, httpPort: port })).rejects.toMatchObject(expected)
  })
})

test('a directory that cannot be written to is named', async () => {
  const file = join(dataDir, 'a-file')
  await writeFile(file, '')
  await expect(startRelay({ dataDir: join(file, 'inside') })).rejects.toMatchObject({
    code: 'relay/data-unwritable',
    shortMessage: expect.stringContaining(file),
  })
})

test('a key that is none is not overwritten', async () => {
  await writeFile(join(dataDir, 'peer.key'), 'not a key')
  await chmod(join(dataDir, 'peer.key'), 0o600)
  await expect(startRelay({ dataDir })).rejects.toMatchObject({ code: 'storage/corrupt' })
})
