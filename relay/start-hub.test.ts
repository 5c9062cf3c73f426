import { mkdtemp, rm } from 'node:fs/promises'
import { type AddressInfo, type Socket, createServer } from 'node:net'
import { DatabaseSync } from 'node:sqlite'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, test, vi } from 'vitest'
import { localChainId } from '../src/domain/network.ts'
import { network } from '../tests/fixtures/jobs.ts'
import { defaultHubOptions } from './hub-options.ts'
import type { RelayLog } from './log.ts'
import { startHub } from './start-hub.ts'
import { type Relay, startRelay } from './start-relay.ts'

let dataDir: string

beforeEach(async () => {
  dataDir = await mkdtemp(join(tmpdir(), 'opentab-relay-'))
})
afterEach(async () => {
  vi.restoreAllMocks()
  await rm(dataDir, { recursive: true })
})

/** A chain that takes questions and does not answer; once it has `ended` it cannot be reached. */
async function startSilentChain() {
  const sockets: Socket[] = []
  const server = createServer((socket) => void sockets.push(socket.on('error', () => {})))
  await new Promise<void>((listening) => server.listen(0, '127.0.0.1', listening))
  const { port } = server.address() as AddressInfo
  const end = () => {
    server.close()
    for (const socket of sockets) socket.destroy()
  }
  return { rpcUrl: `http://127.0.0.1:${port}`, end }
}

/** A relay with a hub whose chain is there. */
function startHubRelay(rpcUrl: string, log: RelayLog = () => {}): Promise<Relay> {
  const options = {
    ...defaultHubOptions,
    dataDir: join(dataDir, 'hub'),
    backupFile: join(dataDir, 'nowhere', 'copy.sqlite'),
    network: { ...network, chainId: localChainId, rpcUrl },
    key: null,
  }
  return startRelay({
    dataDir,
    log,
    openHub: (peerId, hubLog) => startHub({ ...options, peerId, log: hubLog }),
  })
}

const read = async ({ httpUrl }: Relay, path: string) => (await fetch(`${httpUrl}${path}`)).text()

test('a relay listens while the chain of its hub is silent, and says that its figures are missing', async () => {
  const chain = await startSilentChain()
  const relay = await startHubRelay(chain.rpcUrl)
  const { hub } = JSON.parse(await read(relay, '/health'))
  expect(hub).toMatchObject({ figures: null, trouble: null })
  expect(await read(relay, '/')).toContain('Its figures are being read from the chain.')
  expect(await read(relay, '/metrics')).toContain('\nopentab_hub_up 0\n')
  chain.end()
  await vi.waitFor(
    async () => expect(await read(relay, '/')).toContain('figures cannot be read since'),
    5_000,
  )
  await relay.stop()
})

test('books that cannot be written or copied are said wherever the host looks', async () => {
  const chain = await startSilentChain()
  chain.end()
  let isFull = false
  const { exec } = DatabaseSync.prototype
  vi.spyOn(DatabaseSync.prototype, 'exec').mockImplementation(function (this: DatabaseSync, sql) {
    if (isFull && sql === 'BEGIN IMMEDIATE') throw diskFull()
    exec.call(this, sql)
  })
  const relay = await startHubRelay(chain.rpcUrl, (event) => {
    if (event === 'hub-started') isFull = true
  })
  // The hub prunes its books once it has asked the chain.
  const warnings = async () => JSON.parse(await read(relay, '/health')).hub.warnings
  await vi.waitFor(async () => expect(await warnings()).toContain('books-failing'), 5_000)
  expect(JSON.parse(await read(relay, '/health'))).toMatchObject({
    status: 'degraded',
    hub: {
      failing: { books: { code: 'storage/quota' }, backup: { code: 'storage/unavailable' }, claim: null },
    },
    troubles: expect.arrayContaining([expect.objectContaining({ event: 'hub-books-failed' })]),
  })
  const page = await read(relay, '/')
  expect(page).toContain('so payments are refused')
  expect(page).toContain('Look at the disk of --hub-backup')
  const metrics = await read(relay, '/metrics')
  expect(metrics).toContain('\nopentab_hub_books_failing 1\n')
  expect(metrics).toContain('\nopentab_hub_backup_failing 1\n')
  expect(metrics).toContain('\nopentab_hub_claim_failing 0\n')
  await relay.stop()
})

/** What SQLite throws then (sqlite.org/rescode.html). */
function diskFull(): Error {
  return Object.assign(new Error('database or disk is full'), { errcode: 13 })
}
