import { describe, expect, test } from 'vitest'
import { chargeMicroUsd } from '../../src/domain/price.ts'
import { chunkTokens } from '../../src/roles/provide/provide.ts'
import { type HubWorld, account, openHubWorld } from '../fixtures/hub.ts'
import { askThroughHub, longJob, sendJob, startHubProvider } from '../fixtures/hub-provider.ts'
import { makeTerms, price } from '../fixtures/jobs.ts'

const wallet = account(77)

/** A hub, a real provider that earns through it, and a requester with money in a channel to the hub. */
async function openWorld() {
  const world = await openHubWorld()
  const hub = world.startHub()
  const provider = await startHubProvider(world, wallet)
  const requester = await world.joinRequester(100_000n)
  await expect.poll(async () => (await provider.offer())?.hubs).toHaveLength(1)
  return { world, hub, provider, requester }
}

/** Lets the clock run until something has happened. */
async function passTime<result>({ clock }: HubWorld, waiting: Promise<result>): Promise<result> {
  let isOver = false
  const over = () => void (isOver = true)
  waiting.then(over, over)
  while (!isOver) await clock.advance(100)
  return waiting
}

describe('an answer that a hub pays for', () => {
  test('is served and paid to the micro-unit, and its receipt is kept with what paid it', async () => {
    const { world, hub, provider, requester } = await openWorld()
    const [offered] = (await provider.offer())!.hubs
    const { account: hubAccount, peerId, spreadMillionths } = hub.terms
    expect(offered).toEqual({ account: hubAccount, peerId, spreadMillionths })
    expect(provider.provider.status().hubs).toEqual([offered])

    const { receipt, frames, tokens, promptTokens, terms } = await askThroughHub(provider, requester, world)
    expect(frames[0]).toMatchObject({ type: 'accepted', heldVoucher: null })
    expect(tokens).toBeGreaterThan(chunkTokens)
    expect(receipt?.finishReason).toBe('stop')
    const charge = chargeMicroUsd({ promptTokens, completionTokens: tokens }, price)
    expect(receipt?.chargeMicroUsd).toBe(charge)
    await expect.poll(() => provider.provider.status().answersServed).toBe(1)
    expect(provider.provider.status().earnedMicroUsd).toBe(charge)

    const [kept] = await provider.served.jobs()
    const [channel] = await provider.kept.vouchers.channels('receiver')
    expect(kept).toMatchObject({
      jobId: terms.jobId,
      channelId: channel!.channelId,
      hub: hubAccount,
      paidMicroUsd: charge,
      promisedMicroUsd: charge,
      receipt: { receipt: { channelId: requester.channelId } },
    })
    expect(channel?.voucher?.maxClaimableAmount).toBe(charge)
    await provider.provider.stop()
    await hub.stop()
  })

  test('goes on when the line to the hub breaks: payments resume, none is lost or counted twice', async () => {
    const { world, hub, provider, requester } = await openWorld()
    let broke = false
    const { receipt, charge } = await askThroughHub(provider, requester, world, {
      async onTokens(tokens, job) {
        if (tokens !== 33 || broke) return
        broke = true
        world.tabs.dropRelay()
        world.tabs.restoreRelay()
        await job.pay(job.chargeMicroUsd)
        await expect.poll(async () => (await provider.offer())?.hubs).toHaveLength(1)
      },
    })
    expect(receipt?.finishReason).toBe('stop')
    await expect.poll(() => provider.provider.status().earnedMicroUsd).toBe(charge)
    await provider.provider.stop()
    await hub.stop()
  })

  test('two answers for one requester, one after the other, share the channel', async () => {
    const { world, hub, provider, requester } = await openWorld()
    const first = await askThroughHub(provider, requester, world)
    const second = await askThroughHub(provider, requester, world, { maxTokens: 70 })
    expect([first.refusal, second.refusal]).toEqual([null, null])
    await expect.poll(() => provider.provider.status().earnedMicroUsd).toBe(first.charge + second.charge)
    expect(await provider.kept.vouchers.channels('receiver')).toHaveLength(1)
    await provider.provider.stop()
    await hub.stop()
  })
})

test('two tabs of one provider both earn through the hub, over one channel', async () => {
  const { world, hub, provider, requester } = await openWorld()
  const twin = await startHubProvider(world, wallet, { kept: provider.kept })
  await expect.poll(async () => (await twin.offer())?.hubs).toHaveLength(1)
  const other = await world.joinRequester(100_000n)
  const [first, second] = await Promise.all([
    askThroughHub(provider, requester, world),
    askThroughHub(twin, other, world),
  ])
  expect([first.receipt?.finishReason, second.receipt?.finishReason]).toEqual(['stop', 'stop'])
  await expect.poll(() => provider.provider.status().earnedMicroUsd).toBe(first.charge)
  await expect.poll(() => twin.provider.status().earnedMicroUsd).toBe(second.charge)
  const [channel, ...more] = await provider.kept.vouchers.channels('receiver')
  expect(more).toEqual([])
  expect(channel?.voucher?.maxClaimableAmount).toBe(first.charge + second.charge)
  await Promise.all([provider.provider.stop(), twin.provider.stop()])
  await hub.stop()
})

test('a job that is sent to two tabs of one provider is paid in the one that does it', async () => {
  const { world, hub, provider, requester } = await openWorld()
  const twin = await startHubProvider(world, wallet, { kept: provider.kept })
  await expect.poll(async () => (await twin.offer())?.hubs).toHaveLength(1)
  const job = await requester.open({ provider: wallet.address, ceilingMicroUsd: 5_000n })
  const { channelId, transport } = requester
  const terms = makeTerms({ ...longJob, jobId: job.jobId, channelId, provider: wallet.address })
  const at = ({ peerId }: typeof provider) => ({ transport, clock: world.clock, peerId })
  let charge = 0n
  let refusal: string | null = null
  const { receipt } = await sendJob(at(provider), terms, requester, async (charged, tokens) => {
    charge = charged
    if (tokens === 1) ({ refusal } = await sendJob(at(twin), terms, requester))
    if (tokens === 1 || tokens % 16 === 0) await job.pay(charged)
  })
  await job.pay(charge)
  expect([refusal, receipt?.finishReason]).toEqual(['This job was sent before.', 'stop'])
  await expect.poll(() => provider.provider.status().earnedMicroUsd).toBe(charge)
  expect(twin.provider.status().earnedMicroUsd).toBe(0n)
  await Promise.all([provider.provider.stop(), twin.provider.stop()])
  await hub.stop()
})

describe('a job is refused', () => {
  test.each([
    ['never', null],
    ['for another channel', 'other'],
  ])('that the hub announced %s', async (_name, how) => {
    const { world, hub, provider, requester } = await openWorld()
    const other = await world.joinRequester(100_000n)
    const job = how && (await other.open({ provider: wallet.address, ceilingMicroUsd: 5_000n }))
    const jobId = job ? job.jobId : (`0x${'ab'.repeat(32)}` as const)
    const { channelId, transport } = requester
    const terms = makeTerms({ ...longJob, jobId, channelId, provider: wallet.address })
    const sent = sendJob({ transport, clock: world.clock, peerId: provider.peerId }, terms, requester)
    await world.clock.advance(5_000)
    expect((await sent).refusal).toBe('The hub that shall pay for this answer does not know of it.')
    await provider.provider.stop()
    await hub.stop()
  })

  test('that was served before, also before a reload', async () => {
    const { world, hub, provider, requester } = await openWorld()
    const { terms } = await askThroughHub(provider, requester, world, { maxTokens: 40 })
    await provider.provider.stop()
    const again = await startHubProvider(world, wallet, { kept: provider.kept })
    await expect.poll(async () => (await again.offer())?.hubs).toHaveLength(1)
    await requester.open({ provider: wallet.address, ceilingMicroUsd: 5_000n, jobId: terms.jobId })
    const where = { transport: requester.transport, clock: world.clock, peerId: again.peerId }
    expect((await sendJob(where, terms, requester)).refusal).toBe('This job was sent before.')
    expect(await again.served.jobs()).toHaveLength(1)
    await again.provider.stop()
    await hub.stop()
  })
})

describe('a requester that stops paying', () => {
  test('costs one chunk, and is not served on that channel again, also after a reload', async () => {
    const { world, hub, provider, requester } = await openWorld()
    const leave = async (tab: typeof provider) => {
      const job = await requester.open({ provider: wallet.address, ceilingMicroUsd: 5_000n })
      const { jobId } = job
      const { channelId, transport } = requester
      const terms = makeTerms({ ...longJob, jobId, channelId, provider: wallet.address })
      const where = { transport, clock: world.clock, peerId: tab.peerId }
      const payOnce = async (charge: bigint, tokens: number) => {
        if (tokens === 1) await job.pay(charge)
      }
      const outcome = await passTime(world, sendJob(where, terms, requester, payOnce))
      await passTime(world, expect.poll(() => tab.provider.status().jobs).toEqual([]))
      await job.close()
      return outcome
    }
    const first = await leave(provider)
    expect(first.tokens).toBe(1 + chunkTokens)
    expect(first.receipt?.finishReason).toBe('unpaid')
    const second = await leave(provider)
    expect(second.refusal).toBe('This channel left earlier answers unpaid.')
    await provider.provider.stop()
    const again = await startHubProvider(world, wallet, { kept: provider.kept })
    await expect.poll(async () => (await again.offer())?.hubs).toHaveLength(1)
    expect((await leave(again)).refusal).toBe('This channel left earlier answers unpaid.')
    expect(again.provider.status().earnedMicroUsd).toBe(0n)
    await again.provider.stop()
    await hub.stop()
  })
})
