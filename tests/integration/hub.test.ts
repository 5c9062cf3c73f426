import { describe, expect, test } from 'vitest'
import { withSpread } from '../../src/domain/hub.ts'
import { channelIdOf } from '../../src/ledger/channel-id.ts'
import { ceilingMicroUsd, openHubDeal } from '../fixtures/hub.ts'
import { codeOf } from '../fixtures/hub-ends.ts'
import { network } from '../fixtures/jobs.ts'

describe('a job through the hub', () => {
  test('is paid chunk by chunk, to the micro-unit on all three accounts', async () => {
    const { hub, chain, hubAccount, provider, requester, to, policy } = await openHubDeal()
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
    const { hub, provider, requester, to } = await openHubDeal()
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
    const { hub, requester, to } = await openHubDeal()
    const job = await requester.open(to)
    const again = await requester.open({ ...to, jobId: job.jobId })
    expect(codeOf(again.reply)).toBe('opened')
    await expect(job.line.read()).rejects.toMatchObject({ code: 'transport/stream-reset' })
    expect((await hub.figures()).jobsOpen).toBe(1)
    await hub.stop()
  })

  test('a provider whose line broke hears of its jobs and their last payment again', async () => {
    const { hub, provider, requester, to } = await openHubDeal()
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

  test('goes on over the channel that it began with, whatever channel its provider asks for since', async () => {
    const { hub, tabs, provider, requester, to } = await openHubDeal()
    const job = await requester.open(to)
    await job.pay(400n)
    const other = tabs.join().transport
    await other.start()
    const secondTab = provider.inTab(other)
    await secondTab.register({ salt: `0x${'06'.repeat(32)}` })
    const again = await requester.open({ ...to, jobId: job.jobId })
    expect(codeOf(again.reply)).toBe('opened')
    await again.pay(900n)
    await expect.poll(() => provider.paid.get(job.jobId)).toBe(900n)
    expect(secondTab.jobs).toEqual([])
    expect(await provider.claim()).toBe(900n)
    await hub.stop()
  })

  test('is paid over the channel of the tab that answers, whichever of its provider came last', async () => {
    const { hub, tabs, provider, requester, to } = await openHubDeal()
    const other = tabs.join().transport
    await other.start()
    const secondTab = provider.inTab(other)
    await secondTab.register({ salt: `0x${'06'.repeat(32)}` })
    for (const [answering, idle] of [
      [provider, secondTab],
      [secondTab, provider],
    ] as const) {
      const job = await requester.open({ ...to, tab: answering.transport.peerId })
      expect(codeOf(await job.pay(300n))).toBe('paid')
      await expect.poll(() => answering.paid.get(job.jobId)).toBe(300n)
      expect(idle.jobs).not.toContain(job.jobId)
      await job.close()
    }
    secondTab.breakLine()
    await expect.poll(async () => (await hub.figures()).earnLines).toBe(1)
    const late = await requester.open({ ...to, tab: other.peerId })
    expect(codeOf(late.reply)).toBe('hub/provider-away')
    await hub.stop()
  })

  test('goes on after the hub came back on the same store', async () => {
    const { hub, startHub, provider, requester, to, chain } = await openHubDeal()
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
    const { hub, chain, provider, joinProvider, joinRequester, policy } = await openHubDeal()
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
