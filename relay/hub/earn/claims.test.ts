import { expect, test } from 'vitest'
import { addEarnings, earnMore, openHubMoney } from '../../../tests/fixtures/hub-money.ts'
import { hubSigner } from '../../../tests/fixtures/hub-world.ts'
import { ChainError } from '../../../src/errors/index.ts'

/** Gas of a claim of one channel here. */
const gas = 11n

test('claims when all that is unclaimed is worth fifty times the gas', async () => {
  const money = await openHubMoney()
  const { chain, claims } = money
  const first = await addEarnings(money, 1, 10_000n, 50n * gas)
  await claims.claimIfDue()
  expect((await chain.channel(first.channel.channelId)).totalClaimed).toBe(0n)
  const second = await addEarnings(money, 2, 10_000n, 100n)
  await claims.claimIfDue()
  expect((await chain.channel(first.channel.channelId)).totalClaimed).toBe(550n)
  expect((await chain.channel(second.channel.channelId)).totalClaimed).toBe(100n)
})

test('claims what is worth its gas when the last claim was long ago', async () => {
  const money = await openHubMoney()
  const { chain, claims, clock, policy } = money
  const payer = await addEarnings(money, 1, 10_000n, gas + 1n)
  const { channelId } = payer.channel
  await claims.claimIfDue()
  expect((await chain.channel(channelId)).totalClaimed).toBe(0n)
  await clock.advance(policy.claimAtLatestMs)
  await claims.claimIfDue()
  expect((await chain.channel(channelId)).totalClaimed).toBe(gas + 1n)
  await earnMore(money, payer, gas + 1n)
  await claims.claimIfDue()
  expect((await chain.channel(channelId)).totalClaimed).toBe(gas + 1n)
})

test('leaves dust that costs more than it brings', async () => {
  const money = await openHubMoney()
  const dust = await addEarnings(money, 1, 10_000n, 1n)
  const gold = await addEarnings(money, 2, 10_000n, 5_000n)
  await money.claims.claimWorthwhile()
  expect((await money.chain.channel(dust.channel.channelId)).totalClaimed).toBe(0n)
  expect((await money.chain.channel(gold.channel.channelId)).totalClaimed).toBe(5_000n)
})

test('claims what was earned, never all that was promised, and as far as the deposit goes', async () => {
  const money = await openHubMoney()
  const rich = await addEarnings(money, 1, 10_000n, 3_000n)
  const poor = await addEarnings(money, 2, 1_000n, 3_000n)
  await money.claims.claimWorthwhile()
  expect((await money.chain.channel(rich.channel.channelId)).totalClaimed).toBe(3_000n)
  expect((await money.chain.channel(poor.channel.channelId)).totalClaimed).toBe(1_000n)
})

test('claims at once what a withdrawal would take, whatever it costs, and nothing else', async () => {
  const money = await openHubMoney()
  const { chain, claims, watch } = money
  const announce = async (number: number, amount: bigint) => {
    const { channel, signer } = await addEarnings(money, number, 10_000n, 4n)
    if (amount > 0n) await chain.initiateWithdraw(channel.config, amount, signer)
    return channel.channelId
  }
  const [threatened, spared, other] = [
    await announce(1, 9_997n),
    await announce(2, 9_996n),
    await announce(3, 0n),
  ]
  await watch.refreshAll([threatened, spared, other])
  await claims.claimThreatened([threatened, spared, other])
  const claimed = await Promise.all(
    [threatened, spared, other].map(async (channelId) => (await chain.channel(channelId)).totalClaimed),
  )
  expect(claimed).toEqual([4n, 0n, 0n])
})

test('claims in batches of a hundred, and one that fails does not keep the others', async () => {
  const money = await openHubMoney()
  const { chain, claims, events } = money
  const payers = []
  for (let index = 1; index <= 101; index++) payers.push(await addEarnings(money, index, 10_000n, 1_000n))
  const claim = chain.claim.bind(chain)
  const sizes: number[] = []
  chain.claim = async (batch, receiver) => {
    sizes.push(batch.length)
    if (sizes.length === 1) throw new ChainError('chain/unreachable', 'The chain does not answer.')
    return claim(batch, receiver)
  }
  await claims.claimWorthwhile()
  expect(sizes).toEqual([100, 1])
  expect(events).toEqual(['hub-claim-failed', 'hub-claimed'])
  expect(await chain.receiver(hubSigner.address)).toMatchObject({ totalSettled: 1_000n })
  await claims.claimWorthwhile()
  expect(await chain.receiver(hubSigner.address)).toMatchObject({ totalSettled: 101_000n })
  expect(events.slice(2)).toEqual(['hub-claimed', 'hub-claim-mended'])
})

test('a channel that had to be left out waits, and does not block the rest', async () => {
  const money = await openHubMoney()
  const { chain, claims, clock } = money
  const bad = (await addEarnings(money, 1, 10_000n, 2_000n)).channel.channelId
  const good = await addEarnings(money, 2, 10_000n, 2_000n)
  const claim = chain.claim.bind(chain)
  const asked: number[] = []
  chain.claim = async (batch, receiver) => {
    asked.push(batch.length)
    const result = await claim(
      batch.filter(({ voucher }) => voucher.channelId !== bad),
      receiver,
    )
    return { ...result, skipped: batch.map(({ voucher }) => voucher.channelId).filter((id) => id === bad) }
  }
  await claims.claimWorthwhile()
  expect((await chain.channel(good.channel.channelId)).totalClaimed).toBe(2_000n)
  await earnMore(money, good, 2_000n)
  await claims.claimWorthwhile()
  expect((await chain.channel(good.channel.channelId)).totalClaimed).toBe(4_000n)
  expect(asked).toEqual([2, 1])
  await clock.advance(10 * 60_000)
  await claims.claimWorthwhile()
  expect(asked).toEqual([2, 1, 1])
})

test('books a claim that the chain shows and nobody could note', async () => {
  const money = await openHubMoney()
  const { chain, claims, watch, store, clock, events } = money
  const { channelId } = (await addEarnings(money, 1, 10_000n, 3_000n)).channel
  const claim = chain.claim.bind(chain)
  chain.claim = async (batch, receiver) => {
    await claim(batch, receiver)
    throw new ChainError('chain/unconfirmed', 'Nobody knows yet.')
  }
  await claims.claimWorthwhile()
  expect(await store.totals()).toMatchObject({ claimedMicroUsd: 0n })
  await watch.refresh(channelId)
  await claims.claimIfDue()
  expect(await store.totals()).toMatchObject({ claimedMicroUsd: 3_000n })
  expect(await store.unclaimed()).toEqual([])
  expect(await store.claimedSince(clock.nowMs())).toHaveLength(1)
  expect(events).toEqual(['hub-claim-failed', 'hub-claim-mended'])
})

test('leaves what a refund has claimed to the refund', async () => {
  const money = await openHubMoney()
  const { chain, claims, watch, store } = money
  const { channelId } = (await addEarnings(money, 1, 10_000n, 3_000n)).channel
  chain.channel = async () => ({ balance: 3_500n, totalClaimed: 3_500n, withdrawal: null })
  await watch.refresh(channelId)
  await claims.claimIfDue()
  expect(await store.totals()).toMatchObject({ claimedMicroUsd: 0n })
  expect(await store.attributed(channelId)).toBe(3_000n)
})

test('makes a claim again that the chain has undone', async () => {
  const money = await openHubMoney()
  const { chain, claims, watch, store } = money
  const { channelId } = (await addEarnings(money, 1, 10_000n, 3_000n)).channel
  await claims.claimWorthwhile()
  expect((await store.channel(channelId, 'receiver'))?.claimedMicroUsd).toBe(3_000n)
  const claimedLately = await store.claimedSince(money.clock.nowMs())
  expect(claimedLately).toEqual([{ channelId, claimedMicroUsd: 3_000n }])

  // The block with the claim is gone; what the store noted does not matter.
  const channel = chain.channel.bind(chain)
  chain.channel = async (id) => ({ ...(await channel(id)), totalClaimed: 0n })
  await watch.refresh(channelId)
  let claimed = 0n
  chain.claim = async ([line]) => {
    claimed = line!.totalClaimed
    return { transaction: null, settledMicroUsd: 0n, skipped: [] }
  }
  await claims.claimWorthwhile()
  expect(claimed).toBe(3_000n)
})
