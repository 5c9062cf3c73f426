import { describe, expect, test } from 'vitest'
import { withSpread } from '../../src/domain/hub.ts'
import { sessionSalt } from '../../src/domain/session.ts'
import { channelIdOf } from '../../src/ledger/channel-id.ts'
import { account, openHubWorld } from '../fixtures/hub.ts'
import { codeOf } from '../fixtures/hub-ends.ts'
import { network } from '../fixtures/jobs.ts'

const ceilingMicroUsd = 10_000n

/** A hub at work, a provider with a line to it, and a requester with money. */
async function openMarket(change: Parameters<typeof openHubWorld>[0] = {}, depositMicroUsd = 100_000n) {
  const world = await openHubWorld(change)
  const hub = world.startHub()
  const provider = await world.joinProvider()
  expect(codeOf(await provider.register())).toBe('registered')
  const requester = await world.joinRequester(depositMicroUsd)
  return { ...world, hub, provider, requester, to: { provider: provider.account.address, ceilingMicroUsd } }
}

describe('a job through the hub', () => {
  test('is paid chunk by chunk, to the micro-unit on all three accounts', async () => {
    const { hub, chain, hubAccount, provider, requester, to, policy } = await openMarket()
    const before = await chain.balance(hubAccount.address)
    const job = await requester.open(to)
    expect(job.reply).toEqual({
      type: 'opened',
      heldVoucher: null,
      attributedMicroUsd: 0n,
      chargeMicroUsd: 0n,
    })
    for (const charge of [33n, 34n, 999n, 7_777n]) {
      expect(await job.pay(charge)).toEqual({ type: 'paid', chargeMicroUsd: charge })
    }
    await job.close()
    await expect.poll(() => provider.paid.get(job.jobId)).toBe(7_777n)
    expect(provider.events[0]).toEqual({
      type: 'job',
      jobId: job.jobId,
      channelId: requester.channelId,
      ceilingMicroUsd,
    })

    const spread = withSpread(7_777n, policy) - 7_777n
    expect(spread).toBe(155n)
    expect(await provider.claim()).toBe(7_777n)
    await hub.stop()
    expect(await chain.balance(provider.account.address)).toBe(7_777n)
    expect((await chain.channel(requester.channelId)).totalClaimed).toBe(7_777n + spread)
    const locked = (await chain.channel(channelIdOf(provider.channel!, network))).balance
    expect(await chain.balance(hubAccount.address)).toBe(before - locked + 7_777n + spread)
    expect(await hub.figures()).toMatchObject({
      jobsOpen: 0,
      jobsTotal: 1,
      volumeMicroUsd: 7_777n,
      spreadMicroUsd: spread,
      unclaimedMicroUsd: 0n,
      exposureMicroUsd: 0n,
      lockedMicroUsd: locked - 7_777n,
    })
  })

  test('goes on where its requester’s line broke', async () => {
    const { hub, provider, requester, to } = await openMarket()
    const job = await requester.open(to)
    await job.pay(400n)
    job.breakLine()
    const again = await requester.open({ ...to, jobId: job.jobId })
    expect(again.reply).toMatchObject({ type: 'opened', attributedMicroUsd: 408n, chargeMicroUsd: 400n })
    expect(again.reply).toMatchObject({ heldVoucher: { maxClaimableAmount: 408n } })
    expect(codeOf(await again.pay(900n))).toBe('paid')
    await expect.poll(() => provider.paid.get(job.jobId)).toBe(900n)
    expect((await hub.figures()).jobsTotal).toBe(1)
    await hub.stop()
  })

  test('a newer line of a job takes the place of the older', async () => {
    const { hub, requester, to } = await openMarket()
    const job = await requester.open(to)
    const again = await requester.open({ ...to, jobId: job.jobId })
    expect(codeOf(again.reply)).toBe('opened')
    await expect(job.line.read()).rejects.toMatchObject({ code: 'transport/stream-reset' })
    expect((await hub.figures()).jobsOpen).toBe(1)
    await hub.stop()
  })

  test('a provider whose line broke hears of its jobs and their last payment again', async () => {
    const { hub, provider, requester, to } = await openMarket()
    const job = await requester.open(to)
    await job.pay(400n)
    await expect.poll(() => provider.paid.get(job.jobId)).toBe(400n)
    provider.breakLine()
    // Paid while the provider is away: kept for it.
    expect(codeOf(await job.pay(650n))).toBe('paid')
    provider.events.length = 0
    expect(await provider.register()).toMatchObject({ voucher: { maxClaimableAmount: 650n } })
    await expect.poll(() => provider.paid.get(job.jobId)).toBe(650n)
    expect(provider.jobs).toEqual([job.jobId])
    await job.pay(700n)
    await expect.poll(() => provider.paid.get(job.jobId)).toBe(700n)
    expect(await provider.claim()).toBe(700n)
    await hub.stop()
  })

  test('goes on after the hub came back on the same store', async () => {
    const { hub, startHub, provider, requester, to, chain } = await openMarket()
    const job = await requester.open(to)
    await job.pay(400n)
    await hub.stop()

    const back = startHub(hub.store)
    provider.events.length = 0
    const tooEarly = await requester.open({ ...to, jobId: job.jobId })
    expect(codeOf(tooEarly.reply)).toBe('hub/provider-away')
    expect(await provider.register()).toMatchObject({ voucher: { maxClaimableAmount: 400n } })
    const again = await requester.open({ ...to, jobId: job.jobId })
    expect(again.reply).toMatchObject({ type: 'opened', attributedMicroUsd: 408n, chargeMicroUsd: 400n })
    await expect.poll(() => provider.paid.get(job.jobId)).toBe(400n)
    expect(codeOf(await again.pay(1_000n))).toBe('paid')
    await expect.poll(() => provider.paid.get(job.jobId)).toBe(1_000n)
    await back.stop()
    expect((await chain.channel(requester.channelId)).totalClaimed).toBe(1_020n)
  })

  test('two providers and three requesters at once, and the chain agrees with every charge', async () => {
    const { hub, chain, provider, joinProvider, joinRequester, policy } = await openMarket()
    const second = await joinProvider()
    await second.register()
    const providers = [provider, second]
    const requesters = await Promise.all([1, 2, 3].map(() => joinRequester(200_000n)))
    const charges = await Promise.all(
      requesters.flatMap((requester, r) =>
        providers.flatMap(({ account: { address } }, p) =>
          [1n, 2n].map(async (turn) => {
            const job = await requester.open({ provider: address, ceilingMicroUsd })
            expect(codeOf(job.reply)).toBe('opened')
            const charge = 1_000n * turn + BigInt(10 * r + p)
            for (const part of [charge / 3n, charge / 2n, charge])
              expect(codeOf(await job.pay(part))).toBe('paid')
            await job.close()
            return { jobId: job.jobId, requester: r, provider: p, charge, paid: withSpread(charge, policy) }
          }),
        ),
      ),
    )
    const sumOf = (matches: (line: (typeof charges)[number]) => boolean, of: 'charge' | 'paid') =>
      charges.filter(matches).reduce((sum, line) => sum + line[of], 0n)
    for (const { jobId, provider: p, charge } of charges) {
      await expect.poll(() => providers[p]!.paid.get(jobId)).toBe(charge)
    }
    await hub.stop()
    for (const [r, { channelId }] of requesters.entries()) {
      const { totalClaimed } = await chain.channel(channelId)
      expect(totalClaimed).toBe(sumOf((line) => line.requester === r, 'paid'))
    }
    for (const [p, one] of providers.entries()) {
      expect(await one.claim()).toBe(sumOf((line) => line.provider === p, 'charge'))
    }
  })
})

describe('a job is refused', () => {
  test('while its provider has no line', async () => {
    const { hub, provider, requester, to } = await openMarket()
    provider.breakLine()
    await expect.poll(async () => (await hub.figures()).earnLines).toBe(0)
    expect(codeOf((await requester.open(to)).reply)).toBe('hub/provider-away')
    await hub.stop()
  })

  test('when what is open on its channel leaves too little', async () => {
    const { hub, clock, requester, to } = await openMarket({}, 25_000n)
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

  test.each([
    ['signed by somebody else', { signer: account(77) }, 'ledger/bad-signature'],
    ['for another spread', { spreadMillionths: 10_000 }, 'hub/spread-changed'],
    ['for nothing', { ceilingMicroUsd: 0n }, 'hub/job-refused'],
    ['above what the channel holds', { ceilingMicroUsd: 99_000n }, 'hub/underfunded'],
    ['for a provider that nobody knows', { provider: account(78).address }, 'hub/provider-away'],
  ])('%s', async (_name, change, code) => {
    const { hub, requester, to } = await openMarket()
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
    const { hub, joinRequester, to } = await openMarket()
    const requester = await joinRequester(100_000n, terms)
    expect(codeOf((await requester.open(to)).reply)).toBe(code)
    await hub.stop()
  })

  test('on a channel that could be emptied before a claim', async () => {
    const { hub, joinRequester, to } = await openMarket()
    const requester = await joinRequester(0n, { withdrawDelay: 60 })
    expect(codeOf((await requester.open(to)).reply)).toBe('ledger/bad-channel')
    await hub.stop()
  })

  test('when the hub cannot fund its provider', async () => {
    const { hub, requester, to, joinRequester } = await openMarket({ maxOpenMicroUsd: 15_000n })
    expect(codeOf((await requester.open(to)).reply)).toBe('opened')
    const other = await joinRequester(100_000n)
    expect(codeOf((await other.open(to)).reply)).toBe('hub/out-of-funds')
    expect(hub.events).toContain('hub-deposit-failed')
    expect((await hub.figures()).outOfFunds).toBeGreaterThan(0)
    await hub.stop()
  })
})

describe('a payment is refused', () => {
  test('once its session key has ended', async () => {
    const { hub, clock, joinRequester, to } = await openMarket()
    const endsAtSeconds = Math.floor(clock.nowMs() / 1000) + 60
    const requester = await joinRequester(100_000n, { salt: sessionSalt(new Uint8Array(23), endsAtSeconds) })
    const job = await requester.open(to)
    expect(codeOf(await job.pay(100n))).toBe('paid')
    await clock.advance(60_000)
    expect(codeOf(await job.pay(200n))).toBe('ledger/session-over')
    await hub.stop()
  })

  test('above the ceiling, below its voucher, or with somebody else’s voucher', async () => {
    const { hub, requester, joinRequester, to } = await openMarket()
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
    const { hub, chain, requester, to } = await openMarket({}, 10_200n)
    const job = await requester.open(to)
    await requester.promise(300n)
    expect(codeOf(await job.pay(ceilingMicroUsd))).toBe('ledger/over-balance')
    const { wallet, config } = requester.payer
    await chain.faucet(wallet.address, 1_000n)
    await chain.deposit(config, 1_000n, wallet)
    const again = await requester.open({ ...to, jobId: job.jobId })
    expect(codeOf(await again.send(ceilingMicroUsd, await requester.promise(0n)))).toBe('paid')
    await hub.stop()
    // Only what the job cost is claimed, not all that was promised.
    expect((await chain.channel(requester.channelId)).totalClaimed).toBe(10_200n)
  })

  test('once its payer takes its money back, and what was earned is claimed at once', async () => {
    const { hub, chain, clock, policy, requester, to } = await openMarket()
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

describe('a provider is refused', () => {
  test.each([
    ['that signs with another account than it names', { signer: account(80) }, 'ledger/bad-signature'],
    ['that signed too long ago', { ageSeconds: 121 }, 'ledger/bad-signature'],
    ['that wants to be paid elsewhere', { receiver: account(81).address }, 'ledger/bad-channel'],
  ])('%s', async (_name, change, code) => {
    const { hub, joinProvider, requester } = await openMarket()
    const liar = await joinProvider()
    expect(codeOf(await liar.register(change))).toBe(code)
    const job = await requester.open({ provider: liar.account.address, ceilingMicroUsd })
    expect(codeOf(job.reply)).toBe('hub/provider-away')
    await hub.stop()
  })
})
