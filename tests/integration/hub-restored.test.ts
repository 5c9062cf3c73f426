import { copyFile, mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { openSqliteHubStore } from '../../relay/hub/books/sqlite-hub-store.ts'
import { promisedBy } from '../../src/domain/channel.ts'
import { signVoucher } from '../../src/ledger/sign-voucher.ts'
import { account, ceilingMicroUsd, openHubDeal, openHubWorld } from '../fixtures/hub.ts'
import { codeOf } from '../fixtures/hub-ends.ts'
import { askThroughHub, startHubProvider } from '../fixtures/hub-provider.ts'

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

describe('a provider that holds a higher voucher than the hub knows of', () => {
  test.each([
    ['in the same tab, from a copy', false, false],
    ['after a reload, from a copy', true, false],
    ['in the same tab, from nothing', false, true],
  ])('goes on, and earns all of it: %s', async (name, reloads, isLost) => {
    const [path, copy] = [join(directory, `${name}.sqlite`), join(directory, `${name}-copy.sqlite`)]
    const world = await openHubWorld()
    let hub = world.startHub(openSqliteHubStore(path))
    let provider = await startHubProvider(world, account(900))
    const requester = await world.joinRequester(100_000n)
    const isOnline = () =>
      expect
        .poll(async () => {
          await world.clock.advance(1_000)
          return (await provider.offer())?.hubs
        })
        .toHaveLength(1)
    const startAgain = async (change: () => Promise<void>) => {
      await hub.stop()
      await hub.store.close()
      await change()
      hub = world.startHub(openSqliteHubStore(path))
      if (reloads) {
        await provider.provider.stop()
        provider = await startHubProvider(world, account(900), { kept: provider.kept })
      }
      await isOnline()
    }
    const held = async () => promisedBy((await provider.kept.vouchers.channels('receiver'))[0]?.voucher)
    let charged = 0n
    const answer = async () => {
      const { charge, refusal } = await askThroughHub(provider, requester, world)
      expect(refusal).toBeNull()
      charged += charge
      await expect.poll(held).toBe(charged)
    }

    await isOnline()
    await answer()
    await startAgain(() => copyFile(path, copy))
    await answer()
    await startAgain(() => (isLost ? rm(path) : copyFile(copy, path)))
    expect(hub.events).toContain('hub-books-behind')
    await answer()
    const channels = await provider.kept.vouchers.channels('receiver')
    expect(channels).toHaveLength(1)
    const [{ config, voucher }] = channels as [(typeof channels)[number]]
    await world.chain.claim([{ config, voucher: voucher!, totalClaimed: charged }], provider.wallet)
    expect(await world.chain.balance(provider.wallet.address)).toBe(charged)
    await provider.provider.stop()
    await hub.stop()
    await hub.store.close()
  })

  test('that the hub never signed is refused, and nothing is raised', async () => {
    const { hub, chain, provider, requester, to } = await openHubDeal()
    expect(codeOf(await (await requester.open(to)).pay(400n))).toBe('paid')
    await expect.poll(() => promisedBy(provider.voucher)).toBe(400n)
    const { channelId } = provider.voucher!
    const heldVoucher = await signVoucher(channelId, 900n, chain.network, provider.account)
    expect(codeOf(await provider.register({ heldVoucher }))).toBe('ledger/bad-signature')
    expect(promisedBy((await hub.store.channel(channelId, 'payer'))?.voucher)).toBe(400n)
    await hub.stop()
  })

  test('on another channel changes nothing', async () => {
    const { hub, chain, provider, hubAccount } = await openHubDeal()
    const heldVoucher = await signVoucher(`0x${'c0'.repeat(32)}`, 900n, chain.network, hubAccount)
    expect(await provider.register({ heldVoucher })).toMatchObject({ type: 'registered', voucher: null })
    expect(await hub.store.channels('payer')).toEqual([])
    await hub.stop()
  })
})
