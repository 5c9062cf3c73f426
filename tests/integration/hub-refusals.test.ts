import { describe, expect, test } from 'vitest'
import { ChainError } from '../../src/errors/index.ts'
import { sessionSalt } from '../../src/domain/session.ts'
import { createMemoryChain } from '../../src/chain/memory-chain.ts'
import { ManualClock } from '../../src/device/manual-clock.ts'
import type { Address, Hex } from '../../src/domain/bytes.ts'
import { account, ceilingMicroUsd, openHubDeal, openHubWorld } from '../fixtures/hub.ts'
import { network } from '../fixtures/jobs.ts'
import { codeOf } from '../fixtures/hub-ends.ts'

describe('a job is refused', () => {
  test('while its provider has no line', async () => {
    const { hub, provider, requester, to } = await openHubDeal()
    provider.breakLine()
    await expect.poll(async () => (await hub.figures()).earnLines).toBe(0)
    expect(codeOf((await requester.open(to)).reply)).toBe('hub/provider-away')
    await hub.stop()
  })

  test('when what is open on its channel leaves too little', async () => {
    const { hub, clock, requester, to } = await openHubDeal({}, 25_000n)
    const replies = await Promise.all([1, 2, 3].map(() => requester.open(to)))
    const codes = replies.map(({ reply }) => codeOf(reply)).sort()
    expect(codes).toEqual(['hub/underfunded', 'opened', 'opened'])
    const [first, second] = replies.filter(({ reply }) => reply.type === 'opened')
    await first!.pay(5_000n)

    // A line that broke keeps its money for a while; one that finished gives it back at once.
    second!.breakLine()
    expect(codeOf((await requester.open(to)).reply)).toBe('hub/underfunded')
    await clock.advance(31_000)
    const third = await requester.open(to)
    expect(codeOf(third.reply)).toBe('opened')
    await third.close()
    await first!.close()
    await expect.poll(async () => codeOf((await requester.open(to)).reply)).toBe('opened')
    await hub.stop()
  })

  test('when a micro-unit is missing', async () => {
    const { hub, joinRequester, to } = await openHubDeal()
    const short = await joinRequester(2n * 10_200n - 1n)
    expect(codeOf((await short.open(to)).reply)).toBe('opened')
    expect(codeOf((await short.open(to)).reply)).toBe('hub/underfunded')
    const exact = await joinRequester(2n * 10_200n)
    expect(codeOf((await exact.open(to)).reply)).toBe('opened')
    expect(codeOf((await exact.open(to)).reply)).toBe('opened')
    await hub.stop()
  })

  test('when its provider does not earn in a way that pays the royalty it offers to pay', async () => {
    const bond = account(82).address
    const chain = createMemoryChain({ ...network, bond }, new ManualClock(Date.now()))
    const world = await openHubWorld({}, { chain, firstAccount: 0 })
    const hub = world.startHub()
    const provider = await world.joinProvider()
    const requester = await world.joinRequester(100_000n)
    const listingId = `0x${'55'.repeat(32)}` as const
    const to = { provider: provider.account.address, ceilingMicroUsd, listingId }
    const outcomeOf = async (earning: { receiver?: Address; salt: Hex }) => {
      await provider.register(earning)
      return codeOf((await requester.open(to)).reply)
    }
    expect(await outcomeOf({ receiver: bond, salt: `0x${'56'.repeat(32)}` })).toBe('hub/job-refused')
    expect(await outcomeOf({ salt: listingId })).toBe('hub/job-refused')
    expect(await outcomeOf({ receiver: bond, salt: listingId })).toBe('opened')
    await hub.stop()
  })

  test('when it was opened with other terms before, or by somebody else', async () => {
    const { hub, requester, joinRequester, joinProvider, to } = await openHubDeal()
    const { jobId } = await requester.open(to)
    const other = await joinProvider()
    await other.register()
    const stranger = await joinRequester(100_000n)
    for (const { reply } of [
      await requester.open({ ...to, jobId, ceilingMicroUsd: 20_000n }),
      await requester.open({ ...to, jobId, provider: other.account.address }),
      await stranger.open({ ...to, jobId }),
    ]) {
      expect(codeOf(reply)).toBe('hub/job-refused')
    }
    await hub.stop()
  })

  test.each([
    ['signed by somebody else', { signer: account(77) }, 'ledger/bad-signature'],
    ['for another spread', { spreadMillionths: 10_000 }, 'hub/spread-changed'],
    ['for nothing', { ceilingMicroUsd: 0n }, 'hub/job-refused'],
    ['above what the channel holds', { ceilingMicroUsd: 99_000n }, 'hub/underfunded'],
    ['for a provider that nobody knows', { provider: account(78).address }, 'hub/provider-away'],
  ])('%s', async (_name, change, code) => {
    const { hub, requester, to } = await openHubDeal()
    expect(codeOf((await requester.open({ ...to, ...change })).reply)).toBe(code)
    expect((await hub.figures()).jobsOpen).toBe(0)
    await hub.stop()
  })

  test.each([
    ['pays somebody else', { receiver: account(79).address }, 'ledger/bad-channel'],
    ['lets somebody else claim', { receiverAuthorizer: account(79).address }, 'ledger/bad-channel'],
    ['pays in another token', { token: account(79).address }, 'ledger/bad-channel'],
    ['has ended', { salt: sessionSalt(new Uint8Array(23), 1_799_999_999) }, 'hub/session-over'],
  ])('on a channel that %s', async (_name, terms, code) => {
    const { hub, joinRequester, to } = await openHubDeal()
    const requester = await joinRequester(100_000n, terms)
    expect(codeOf((await requester.open(to)).reply)).toBe(code)
    await hub.stop()
  })

  test('on a channel that could be emptied before a claim', async () => {
    const { hub, joinRequester, to } = await openHubDeal()
    const requester = await joinRequester(0n, { withdrawDelay: 60 })
    expect(codeOf((await requester.open(to)).reply)).toBe('ledger/bad-channel')
    await hub.stop()
  })

  test('when the hub cannot fund its provider', async () => {
    const { hub, requester, to, joinRequester } = await openHubDeal({ maxOpenMicroUsd: 15_000n })
    expect(codeOf((await requester.open(to)).reply)).toBe('opened')
    const other = await joinRequester(100_000n)
    expect(codeOf((await other.open(to)).reply)).toBe('hub/out-of-funds')
    expect(hub.events).toContain('hub-deposit-failed')
    expect(await hub.figures()).toMatchObject({ outOfFunds: 1, jobsOpen: 1 })
    await hub.stop()
  })
})

describe('a payment is refused', () => {
  test('once its session key has ended', async () => {
    const { hub, clock, joinRequester, to } = await openHubDeal()
    const endsAtSeconds = Math.floor(clock.nowMs() / 1000) + 60
    const requester = await joinRequester(100_000n, { salt: sessionSalt(new Uint8Array(23), endsAtSeconds) })
    const job = await requester.open(to)
    expect(codeOf(await job.pay(100n))).toBe('paid')
    await clock.advance(60_000)
    expect(codeOf(await job.pay(200n))).toBe('ledger/session-over')
    await hub.stop()
  })

  test('above the ceiling, below its voucher, or with somebody else’s voucher', async () => {
    const { hub, requester, joinRequester, to } = await openHubDeal()
    const mean = await requester.open(to)
    expect(codeOf(await mean.send(9_000n, await requester.promise(9_000n)))).toBe('ledger/unattributed')
    const greedy = await requester.open(to)
    expect(codeOf(await greedy.pay(ceilingMicroUsd + 1n))).toBe('ledger/overcharged')
    const thief = await joinRequester(100_000n)
    const foreign = await requester.open(to)
    expect(codeOf(await foreign.send(100n, await thief.promise(500n)))).toBe('ledger/voucher-foreign')
    await hub.stop()
    expect((await hub.figures()).volumeMicroUsd).toBe(0n)
  })

  test('beyond the deposit, until there is more of it', async () => {
    const { hub, chain, requester, to } = await openHubDeal({}, 10_200n)
    const job = await requester.open(to)
    await requester.promise(300n)
    expect(codeOf(await job.pay(ceilingMicroUsd))).toBe('ledger/over-balance')
    const again = await requester.open({ ...to, jobId: job.jobId })
    const { wallet, config } = requester.payer
    await chain.faucet(wallet.address, 1_000n)
    await chain.deposit(config, 1_000n, wallet)
    expect(codeOf(await again.send(ceilingMicroUsd, await requester.promise(0n)))).toBe('paid')
    await hub.stop()
    // Only what the job cost is claimed, not all that was promised.
    expect((await chain.channel(requester.channelId)).totalClaimed).toBe(10_200n)
  })

  test('once its payer takes its money back, and what was earned is claimed at once', async () => {
    const { hub, chain, clock, policy, requester, to } = await openHubDeal()
    const job = await requester.open(to)
    await job.pay(4_000n)
    const { wallet, config } = requester.payer
    await chain.initiateWithdraw(config, 100_000n, wallet)
    await clock.advance(policy.watchIntervalMs)
    await expect.poll(async () => (await chain.channel(requester.channelId)).totalClaimed).toBe(4_080n)
    expect(codeOf(await job.pay(5_000n))).toBe('hub/withdrawing')
    expect(codeOf((await requester.open(to)).reply)).toBe('hub/withdrawing')
    await clock.advance(900_000)
    await chain.finalizeWithdraw(config, wallet)
    expect(await chain.balance(wallet.address)).toBe(100_000n - 4_080n)
    await hub.stop()
  })
})

describe('a withdrawal', () => {
  /** A job that was paid, a payer who leaves, and gas that makes a claim worth nothing else. */
  async function openLeaving() {
    const deal = await openHubDeal()
    deal.gas.wei = 1_000_000n
    const job = await deal.requester.open(deal.to)
    await job.pay(4_000n)
    const { wallet, config } = deal.requester.payer
    await deal.chain.initiateWithdraw(config, 100_000n, wallet)
    const claimed = async () => (await deal.chain.channel(deal.requester.channelId)).totalClaimed
    return { ...deal, claimed }
  }

  test('that shows when a job is opened is answered by a claim there and then', async () => {
    const { hub, requester, to, claimed } = await openLeaving()
    expect(codeOf((await requester.open(to)).reply)).toBe('hub/withdrawing')
    await expect.poll(claimed).toBe(4_080n)
    await hub.stop()
  })

  test('is answered by a claim again and again until one passes', async () => {
    const { hub, chain, clock, policy, claimed } = await openLeaving()
    const claim = chain.claim.bind(chain)
    chain.claim = () => Promise.reject(new ChainError('chain/unreachable', 'No answer.'))
    await clock.advance(policy.watchIntervalMs)
    expect(hub.events).toContain('hub-claim-failed')
    chain.claim = claim
    await clock.advance(policy.watchIntervalMs)
    await expect.poll(claimed).toBe(4_080n)
    await hub.stop()
  })
})

describe('a provider is refused', () => {
  test.each([
    ['that signs with another account than it names', { signer: account(80) }, 'ledger/bad-signature'],
    ['that signed too long ago', { ageSeconds: 121 }, 'ledger/bad-signature'],
    ['that wants to be paid elsewhere', { receiver: account(81).address }, 'ledger/bad-channel'],
  ])('%s', async (_name, change, code) => {
    const { hub, joinProvider, requester } = await openHubDeal()
    const liar = await joinProvider()
    expect(codeOf(await liar.register(change))).toBe(code)
    const job = await requester.open({ provider: liar.account.address, ceilingMicroUsd })
    expect(codeOf(job.reply)).toBe('hub/provider-away')
    await hub.stop()
  })
})
