import { mkdtemp, readFile, rm, stat, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { network as local } from '../../tests/fixtures/jobs.ts'
import { type HubKeySource, openHubKey } from './hub-key.ts'

const base = { ...local, chainId: 8453, name: 'Base' }
const fresh = '0x4c0883a69102937d6231471b5dbb6204fe5129617082792ae468d01a3f362318'
const anvilFirst = '0xac0974bec39a17e36ba4a6b4d238ff944bacb478cbed5efcae784d7bf4f2ff80'
let folder: string

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'opentab-hub-'))
})
afterEach(() => rm(folder, { recursive: true }))

const from = (source: Partial<HubKeySource> = {}): HubKeySource => ({
  key: null,
  keyFile: null,
  ownKeyFile: join(folder, 'own', 'hub.key'),
  ...source,
})

test('a local hub makes its key once, and only its owner may read it', async () => {
  const first = await openHubKey(from(), local)
  const second = await openHubKey(from(), local)
  expect(second.address).toBe(first.address)
  const path = from().ownKeyFile
  expect((await stat(path)).mode & 0o777).toBe(0o600)
  expect(await readFile(path, 'utf8')).toMatch(/^0x[0-9a-f]{64}\n$/)
})

test('a hub on a public chain never makes a key, and says what to do', async () => {
  await expect(openHubKey(from(), base)).rejects.toMatchObject({
    code: 'relay/hub-key-missing',
    shortMessage: expect.stringContaining('Base'),
    details: expect.stringMatching(/OPENTAB_HUB_KEY.*--hub-key-file/),
  })
  await expect(stat(from().ownKeyFile)).rejects.toThrow('ENOENT')
})

test('a key made for the local chain is not taken along to a public one', async () => {
  await openHubKey(from(), local)
  await expect(openHubKey(from(), base)).rejects.toMatchObject({ code: 'relay/hub-key-missing' })
})

test('the environment comes before the file', async () => {
  const keyFile = join(folder, 'key')
  await writeFile(keyFile, anvilFirst)
  const { address } = await openHubKey(from({ key: fresh, keyFile }), base)
  expect(address).toBe('0x2c7536E3605D9C16a7a3D7b1898e529396a65c23')
})

test('a file may end in a newline and leave out 0x', async () => {
  const keyFile = join(folder, 'key')
  await writeFile(keyFile, `${fresh.slice(2).toUpperCase()}\n`)
  expect((await openHubKey(from({ keyFile }), base)).address).toBe(
    '0x2c7536E3605D9C16a7a3D7b1898e529396a65c23',
  )
})

test.each([anvilFirst, `0x${'0'.repeat(63)}1`])(
  'a key that everybody knows serves locally alone',
  async (key) => {
    await expect(openHubKey(from({ key }), base)).rejects.toMatchObject({ code: 'relay/hub-key-refused' })
    expect((await openHubKey(from({ key }), local)).address).toMatch(/^0x/)
  },
)

test('a missing file is named', async () => {
  await expect(openHubKey(from({ keyFile: '/nowhere/key' }), base)).rejects.toMatchObject({
    code: 'relay/hub-key-missing',
    shortMessage: expect.stringContaining('/nowhere/key'),
  })
})

test('an error about a key never shows it', async () => {
  const broken = `${fresh}ff`
  const error = await openHubKey(from({ key: broken }), base).catch((thrown: unknown) => thrown)
  expect(error).toMatchObject({ code: 'relay/hub-key-refused' })
  expect(`${String(error)} ${JSON.stringify(error)}`).not.toContain(fresh.slice(2, 20))
})
