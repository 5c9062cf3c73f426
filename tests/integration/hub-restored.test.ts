import { copyFile, mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { openSqliteHubStore } from '../../relay/hub/sqlite-hub-store.ts'
import { ceilingMicroUsd, openHubWorld } from '../fixtures/hub.ts'
import { codeOf } from '../fixtures/hub-ends.ts'

let directory: string

beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), 'opentab-hub-restored-'))
})

afterAll(() => rm(directory, { recursive: true }))

test('a hub whose books are older than its claims does not take the same voucher twice', async () => {
  const [path, copy] = [join(directory, 'hub.sqlite'), join(directory, 'copy.sqlite')]
  const world = await openHubWorld()
  const provider = await world.joinProvider()
  const requester = await world.joinRequester(100_000n)
  const to = { provider: provider.account.address, ceilingMicroUsd }

  const work = async (job: (hub: Awaited<ReturnType<typeof open>>) => Promise<void>) => {
    const hub = await open()
    await job(hub)
    await hub.stop()
    await hub.store.close()
  }
  const open = async () => {
    const hub = world.startHub(openSqliteHubStore(path))
    expect(codeOf(await provider.register())).toBe('registered')
    return hub
  }

  await work(async () => {
    expect(codeOf(await (await requester.open(to)).pay(4_000n))).toBe('paid')
  })
  await copyFile(path, copy)
  await work(async () => {
    expect(codeOf(await (await requester.open(to)).pay(3_000n))).toBe('paid')
  })
  expect((await world.chain.channel(requester.channelId)).totalClaimed).toBe(7_140n)

  await copyFile(copy, path)
  await work(async (hub) => {
    const replayed = await requester.promise(0n)
    const again = await requester.open(to)
    expect(codeOf(await again.send(2_900n, replayed))).toBe('ledger/unattributed')
    expect(await hub.store.attributed(requester.channelId)).toBe(7_140n)
    expect(codeOf(await (await requester.open(to)).pay(2_900n))).toBe('paid')
  })
  expect((await world.chain.channel(requester.channelId)).totalClaimed).toBe(7_140n + 2_958n)
})
