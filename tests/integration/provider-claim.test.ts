import { describe, expect, test } from 'vitest'
import { createMemoryChain } from '../../src/chain/memory-chain.ts'
import { systemClock } from '../../src/device/system-clock.ts'
import { ChainError } from '../../src/errors/index.ts'
import { createKnownHubs } from '../../src/roles/hub/known-hubs.ts'
import type { GuardRules } from '../../src/roles/wallet/guard-earnings.ts'
import { createSettlement } from '../../src/roles/wallet/settle.ts'
import { account, openHubWorld } from '../fixtures/hub.ts'
import { askThroughHub, startHubProvider } from '../fixtures/hub-provider.ts'
import { network } from '../fixtures/jobs.ts'

const wallet = account(78)
const feeMicroUsd = 50n
const bondContract = '0x00000000000000000000000000000000000b0d00'

/** A provider that has earned one answer through a hub whose gas costs forty micro-dollars, a margin on top. */
async function openEarned({ bond = false, rules }: { bond?: boolean; rules?: GuardRules } = {}) {
  const bonded = createMemoryChain({ ...network, bond: bondContract }, systemClock)
  const world = await (bond ? openHubWorld({}, { chain: bonded, firstAccount: 0 }) : openHubWorld())
  world.gas.wei = 40n
  const hub = world.startHub()
  const provider = await startHubProvider(world, wallet, { bond })
  const requester = await world.joinRequester(100_000n)
  await expect.poll(async () => (await provider.offer())?.hubs).toHaveLength(1)
  const { charge } = await askThroughHub(provider, requester, world)
  await expect.poll(() => provider.provider.status().earnedMicroUsd).toBe(charge)
  const { chain, clock } = world
  const { served, transport } = provider
  const { vouchers, documents } = provider.kept
  const hubs = createKnownHubs({ transport, clock, network: chain.network })
  const settlement = createSettlement({
    chain,
    vouchers,
    documents,
    wallet,
    clock,
    hubs,
    served,
    ...(rules ? { rules } : {}),
  })
  const [channel] = await vouchers.channels('receiver')
  const stop = async () => {
    await provider.provider.stop()
    await hub.stop()
  }
  return { ...world, hub, provider, charge, settlement, served, vouchers, channel: channel!, stop }
}

describe('a claim through the hub that paid', () => {
  test('costs what was quoted, takes no gas, and is kept with what it claimed', async () => {
    const { settlement, charge, chain, served, channel, stop } = await openEarned()
    const waiting = { balanceMicroUsd: 0n, gasWei: 0n, earnedMicroUsd: charge, claimableMicroUsd: charge }
    expect(await settlement.overview()).toMatchObject({ ...waiting, claimedMicroUsd: 0n })
    expect(await settlement.claimFee()).toBe(feeMicroUsd)

    const { transaction, settledMicroUsd, skipped } = await settlement.claim()
    expect({ settledMicroUsd, skipped }).toEqual({ settledMicroUsd: charge, skipped: [] })
    expect(await chain.balance(wallet.address)).toBe(charge - feeMicroUsd)
    expect(await chain.gasBalance(wallet.address)).toBe(0n)
    expect(await settlement.overview()).toMatchObject({ claimableMicroUsd: 0n, claimedMicroUsd: charge })
    const channels = [{ channelId: channel.channelId, totalClaimedMicroUsd: charge }]
    expect(await served.claims()).toMatchObject([
      { transaction, settledMicroUsd: charge, feeMicroUsd, channels },
    ])

    expect(await settlement.claimFee()).toBeNull()
    expect(await settlement.claim()).toEqual({ transaction: null, settledMicroUsd: 0n, skipped: [] })
    expect(await served.claims()).toHaveLength(1)
    await stop()
  })

  test('by way of the bond: what is held is shown with its end, and what is free is paid out', async () => {
    const { settlement, charge, chain, channel, stop } = await openEarned({ bond: true })
    expect(channel.config.receiver).toBe(bondContract)
    await chain.faucet(wallet.address, 1_000n)
    await settlement.claim()
    const { bond, claimedMicroUsd, balanceMicroUsd } = await settlement.overview()
    expect(claimedMicroUsd).toBe(charge)
    expect(bond!.heldMicroUsd + bond!.freeMicroUsd + balanceMicroUsd).toBe(1_000n + charge - feeMicroUsd)
    expect(bond!.heldMicroUsd).toBeGreaterThan(0n)
    expect(bond!.untilMs).toBeGreaterThan(0)
    await stop()
  })

  test('a claim that a reorganisation undid is claimable again, whatever this tab remembers', async () => {
    const { settlement, charge, vouchers, channel, stop } = await openEarned()
    await vouchers.raiseClaimed(channel.channelId, charge)
    expect(await settlement.overview()).toMatchObject({ claimableMicroUsd: charge, claimedMicroUsd: 0n })
    expect(await settlement.claim()).toMatchObject({ settledMicroUsd: charge })
    await stop()
  })

  test('where the hub is gone, this account claims itself', async () => {
    const { settlement, charge, chain, served, tabs, clock, stop } = await openEarned()
    await stop()
    tabs.dropRelay()
    expect(await settlement.claimFee()).toBeNull()
    await clock.advance(60_000)
    expect(await settlement.claim()).toMatchObject({ settledMicroUsd: charge })
    expect(await chain.balance(wallet.address)).toBe(charge)
    expect(await served.claims()).toMatchObject([{ feeMicroUsd: 0n }])
  })

  test('a hub that announces to withdraw what it promised is claimed from at once', async () => {
    const { settlement, charge, chain, channel, hubAccount, clock, stop } = await openEarned()
    const { balance } = await chain.channel(channel.channelId)
    await chain.initiateWithdraw(channel.config, balance, hubAccount)
    const over = new AbortController()
    const guarding = settlement.guard(over.signal)
    await expect.poll(async () => (await chain.channel(channel.channelId)).totalClaimed).toBe(charge)
    over.abort()
    await guarding
    await stop()
    await clock.advance(channel.config.withdrawDelay * 1000)
    await chain.finalizeWithdraw(channel.config, hubAccount)
    expect((await chain.channel(channel.channelId)).balance).toBe(charge)
  })

  test('a hub that announces to withdraw all that it never promised takes nothing, and is paid no fee', async () => {
    const { settlement, charge, chain, channel, hubAccount, clock, stop } = await openEarned()
    const { balance } = await chain.channel(channel.channelId)
    await chain.initiateWithdraw(channel.config, balance - charge, hubAccount)
    const over = new AbortController()
    const guarding = settlement.guard(over.signal)
    expect((await settlement.overview()).threatened).toBeNull()
    await clock.advance(60_000)
    over.abort()
    await guarding
    await stop()
    await clock.advance(channel.config.withdrawDelay * 1000)
    await chain.finalizeWithdraw(channel.config, hubAccount)
    expect(await chain.channel(channel.channelId)).toMatchObject({ balance: charge, totalClaimed: 0n })
    expect((await settlement.overview()).claimableMicroUsd).toBe(charge)
  })
})

describe('earnings that nobody asks for', () => {
  /** Rules that a test can change, and how often somebody would have been asked to unlock. */
  function changeable() {
    const now = { isLocked: false, claimsByItself: true }
    const rules: GuardRules = {
      isLocked: async () => now.isLocked,
      claimsByItself: async () => now.claimsByItself,
    }
    return { now, rules }
  }

  /** Guards until the returned function is called; `look` is one more look of the guard. */
  function guardIn({ settlement, clock }: Awaited<ReturnType<typeof openEarned>>) {
    const over = new AbortController()
    const guarding = settlement.guard(over.signal)
    return {
      look: () => clock.advance(30_000),
      async end() {
        over.abort()
        await guarding
      },
    }
  }

  test('are claimed once they are worth fifty times the fee, unless a person said no', async () => {
    const { now, rules } = changeable()
    const earned = await openEarned({ rules })
    const { chain, gas, charge, channel, clock, stop } = earned
    const claimed = async () => (await chain.channel(channel.channelId)).totalClaimed
    const guard = guardIn(earned)
    await guard.look()
    expect(await claimed()).toBe(0n)
    // A margin of a quarter and rounding up: at most a fiftieth of what was earned.
    gas.wei = (charge * 80n) / 5_000n
    now.claimsByItself = false
    await clock.advance(600_000)
    expect(await claimed()).toBe(0n)
    now.claimsByItself = true
    now.isLocked = true
    await clock.advance(600_000)
    expect(await claimed()).toBe(0n)
    now.isLocked = false
    await clock.advance(600_000)
    await expect.poll(claimed).toBe(charge)
    await guard.end()
    await stop()
  })

  test('ask a locked account once, say what waits, and go on when it is unlocked', async () => {
    const { now, rules } = changeable()
    const earned = await openEarned({ rules })
    const { chain, charge, channel, hubAccount, settlement, stop } = earned
    const { balance } = await chain.channel(channel.channelId)
    await chain.initiateWithdraw(channel.config, balance - 10n, hubAccount)
    let asked = 0
    const claim = chain.claim.bind(chain)
    chain.claim = async (claims, claimer) => {
      if (!now.isLocked || claimer !== wallet) return claim(claims, claimer)
      asked += 1
      throw new ChainError('chain/user-rejected', 'The account stayed locked.')
    }
    now.isLocked = true
    const guard = guardIn(earned)
    for (let look = 0; look < 5; look++) await guard.look()
    expect(asked).toBe(1)
    const { initiatedAtSeconds } = (await chain.channel(channel.channelId)).withdrawal!
    expect((await settlement.overview()).threatened).toEqual({
      amountMicroUsd: charge - 10n,
      untilMs: (initiatedAtSeconds + channel.config.withdrawDelay) * 1000,
    })
    now.isLocked = false
    await guard.look()
    await expect.poll(async () => (await chain.channel(channel.channelId)).totalClaimed).toBe(charge)
    expect((await settlement.overview()).threatened).toBeNull()
    await guard.end()
    await stop()
  })
})
