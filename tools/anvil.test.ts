import { mkdtemp, readdir, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createTestClient, http, publicActions } from 'viem'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { type Anvil, type AnvilOptions, startAnvil } from './anvil.ts'

const owner = '0x00000000000000000000000000000000000000aa'
let directory: string
let running: Anvil[]

beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), 'opentab-anvil-'))
  running = []
})

afterEach(async () => {
  await Promise.all(running.map((anvil) => anvil.stop()))
  await rm(directory, { recursive: true })
})

async function start(options?: AnvilOptions): Promise<Anvil> {
  const anvil = await startAnvil(options)
  running.push(anvil)
  return anvil
}

const connect = (anvil: Anvil) =>
  createTestClient({ mode: 'anvil', transport: http(anvil.rpcUrl) }).extend(publicActions)

test('answers as chain 31337', async () => {
  const anvil = await start()
  expect(await connect(anvil).getChainId()).toBe(31337)
})

test('gas is priced as on a layer-2 chain', async () => {
  const anvil = await start()
  const { baseFeePerGas } = await connect(anvil).getBlock()
  expect(baseFeePerGas).toBe(5_000_000n)
})

test('keeps the chain across a restart', async () => {
  const stateFile = join(directory, 'state', 'chain.json')
  const first = await start({ stateFile })
  await connect(first).setBalance({ address: owner, value: 7n })
  await first.stop()
  const second = await start({ stateFile })
  expect(await connect(second).getBalance({ address: owner })).toBe(7n)
})

test('moves a corrupt state file aside and says so', async () => {
  const stateFile = join(directory, 'chain.json')
  await writeFile(stateFile, '{"block": {')
  const notices: string[] = []
  const anvil = await start({ stateFile, onNotice: (notice) => notices.push(notice) })
  expect(await connect(anvil).getBlockNumber()).toBe(0n)
  const aside = (await readdir(directory)).find((name) => name.startsWith('chain.json.corrupt-'))
  expect(notices).toEqual([expect.stringContaining(aside ?? 'a file moved aside')])
})

test('names a port that is already in use', async () => {
  const anvil = await start()
  await expect(startAnvil({ port: anvil.port })).rejects.toMatchObject({ code: 'chain/port-in-use' })
})

test('is gone once stopped', async () => {
  const anvil = await start()
  await anvil.stop()
  await anvil.exited
  await expect(connect(anvil).getChainId()).rejects.toThrow('HTTP request failed')
})
