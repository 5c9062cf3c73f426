import { describe, expect, test } from 'vitest'
import { ChainError } from '../../src/errors/index.ts'
import { encodeFrame, parseFrame } from '../../src/protocol/frame-codec.ts'
import { hubPayReplySchema } from '../../src/protocol/hub-messages.ts'
import { hubPayProtocol } from '../../src/protocol/protocols.ts'
import { memoryRelay } from '../../src/transport/memory-transport.ts'
import { openHubDeal } from '../fixtures/hub.ts'
import { codeOf } from '../fixtures/hub-ends.ts'

describe('what a peer can do to a hub', () => {
  test.each([
    ['is no frame', new Uint8Array([0xff]), 'protocol/malformed'],
    ['pays before it opens', { type: 'pay', chargeMicroUsd: '1', voucher: null }, 'protocol/malformed'],
  ])('a line that %s is refused', async (_name, first, code) => {
    const { hub, requester } = await openHubDeal()
    const line = await requester.transport.open(memoryRelay, hubPayProtocol)
    await line.write(first instanceof Uint8Array ? first : encodeFrame(first))
    expect(codeOf(parseFrame(hubPayReplySchema, (await line.read())!))).toBe(code)
    expect(await line.read()).toBeNull()
    await hub.stop()
  })

  test('a line opens one job', async () => {
    const { hub, requester, to } = await openHubDeal()
    const job = await requester.open(to)
    await job.line.write(encodeFrame(await requester.openFrame(to)))
    expect(codeOf(parseFrame(hubPayReplySchema, (await job.line.read())!))).toBe('protocol/unexpected-frame')
    await expect.poll(async () => (await hub.figures()).payLines).toBe(0)
    await hub.stop()
  })

  test('a line that says nothing is closed', async () => {
    const { hub, clock, requester } = await openHubDeal()
    const line = await requester.transport.open(memoryRelay, hubPayProtocol)
    await clock.advance(10_000)
    await expect(line.read()).rejects.toMatchObject({ code: 'transport/stream-reset' })
    await hub.stop()
  })

  test('a peer has so many lines, and the next is told to wait', async () => {
    const { hub, requester, to, clock } = await openHubDeal({}, 1_000_000n)
    const opened = []
    for (let n = 0; n < 64; n++) opened.push(await requester.open({ ...to, ceilingMicroUsd: 10n }))
    expect(opened.every(({ reply }) => reply.type === 'opened')).toBe(true)
    expect(codeOf((await requester.open(to)).reply)).toBe('hub/busy')
    await opened[0]!.close()
    await expect.poll(async () => (await hub.figures()).payLines).toBe(63)
    await clock.advance(1_000)
    expect(codeOf((await requester.open({ ...to, ceilingMicroUsd: 10n })).reply)).toBe('opened')
    await hub.stop()
  })

  test('payments that come too fast wait', async () => {
    const { hub, clock, requester, to } = await openHubDeal()
    const job = await requester.open(to)
    const voucher = await requester.promise(10_000n)
    const writeAll = async () => {
      for (let charge = 1; charge <= 66; charge++) {
        await job.line.write(encodeFrame({ type: 'pay', chargeMicroUsd: BigInt(charge), voucher }))
      }
    }
    const codes: string[] = []
    const readAll = async () => {
      while (codes.length < 66) codes.push(codeOf(parseFrame(hubPayReplySchema, (await job.line.read())!)))
    }
    const done = Promise.all([writeAll(), readAll()])
    await expect.poll(() => codes.length).toBeGreaterThanOrEqual(64)
    // Another line is served meanwhile; this one waits for the clock alone.
    await requester.open(to)
    expect(codes).toHaveLength(64)
    await clock.advance(1_000)
    await done
    expect(new Set(codes)).toEqual(new Set(['paid']))
    await hub.stop()
  })

  test('a provider that talks on its line is cut, and its newer line takes the place of an older', async () => {
    const { hub, provider } = await openHubDeal()
    await provider.register()
    expect((await hub.figures()).earnLines).toBe(1)
    await expect.poll(() => provider.linesOver).toBe(1)
    await provider.say({ type: 'hello' })
    await expect.poll(async () => (await hub.figures()).earnLines).toBe(0)
    expect(hub.events).toContain('hub-provider-refused')
    await hub.stop()
  })

  test('channels that are made up have the chain asked so often, and do not hold up those that paid', async () => {
    const { hub, chain, clock, requester, joinRequester, to } = await openHubDeal()
    const job = await requester.open({ ...to, ceilingMicroUsd: 10n })
    await job.pay(10n)
    await job.close()
    // Until it had paid, it was one of them.
    await clock.advance(1_000)
    const channel = chain.channel.bind(chain)
    const asked = new Set<string>()
    chain.channel = async (channelId) => {
      asked.add(channelId)
      return channel(channelId)
    }
    const codes: string[] = []
    const made = await Promise.all(Array.from({ length: 250 }, () => joinRequester(0n)))
    const opening = made.map(async (one) => void codes.push(codeOf((await one.open(to)).reply)))
    const count = (code: string) => codes.filter((one) => one === code).length
    // A burst is looked up, as many wait for up to five seconds, and the rest is turned away.
    await expect.poll(() => [count('hub/underfunded'), count('hub/busy')]).toEqual([100, 50])
    expect(asked.size).toBe(100)
    expect(codeOf((await requester.open({ ...to, ceilingMicroUsd: 10n })).reply)).toBe('opened')
    await clock.advance(5_000)
    await Promise.all(opening)
    expect(count('hub/underfunded')).toBe(200)
    await hub.stop()
  })

  test('asking alone fills no disk', async () => {
    const { hub, joinRequester, to } = await openHubDeal()
    const poor = await joinRequester(0n)
    expect(codeOf((await poor.open(to)).reply)).toBe('hub/underfunded')
    expect(await hub.store.channels('payer')).toEqual([])
    expect(await hub.store.channels('receiver')).toEqual([])
    await hub.stop()
  })
})

describe('what a hub does by itself', () => {
  test('deposits for a provider once there is a job, and again before it is needed', async () => {
    const { hub, requester, to } = await openHubDeal({ firstDepositMicroUsd: 12_000n })
    const locked = async () => (await hub.figures()).lockedMicroUsd
    expect(await locked()).toBe(0n)
    const job = await requester.open(to)
    expect(codeOf(job.reply)).toBe('opened')
    // 2,000 are free beside the job, which is little; but nothing was paid yet.
    expect(await locked()).toBe(12_000n)
    await job.pay(9_000n)
    await job.close()
    // Four times what was paid, ahead of need.
    await expect.poll(locked).toBe(3_000n + 36_000n)
    expect(hub.events.filter((event) => event === 'hub-deposit')).toHaveLength(2)
    await hub.stop()
  })

  test('claims in time, and makes one claim of all channels', async () => {
    const { hub, chain, clock, gas, policy, requester, joinRequester, to } = await openHubDeal()
    gas.wei = 20n
    const other = await joinRequester(100_000n)
    for (const payer of [requester, other]) {
      const job = await payer.open(to)
      await job.pay(700n)
      await job.close()
    }
    await clock.advance(policy.watchIntervalMs)
    expect((await chain.channel(requester.channelId)).totalClaimed).toBe(714n)
    expect((await chain.channel(other.channelId)).totalClaimed).toBe(714n)
    expect(hub.events.filter((event) => event === 'hub-claimed')).toHaveLength(1)
    await hub.stop()
  })

  test('keeps a provider’s channel when its policy changes', async () => {
    const { hub, startHub, provider, requester, to, policy } = await openHubDeal()
    const job = await requester.open(to)
    await job.pay(400n)
    await hub.stop()
    policy.withdrawDelaySeconds *= 2
    const back = startHub(hub.store)
    const before = provider.channel
    expect(await provider.register()).toMatchObject({
      channel: before,
      voucher: { maxClaimableAmount: 400n },
    })
    await back.stop()
  })

  test('takes back what lies idle at a provider that is away, and pays it again when it is back', async () => {
    const { hub, clock, requester, provider, to, policy } = await openHubDeal({ idleChannelMs: 3_600_000 })
    const job = await requester.open(to)
    await job.pay(400n)
    await job.close()
    provider.breakLine()
    const locked = async () => (await hub.figures()).lockedMicroUsd
    await expect.poll(locked).toBe(policy.firstDepositMicroUsd - 400n)
    await clock.advance(2 * 3_600_000)
    await expect.poll(() => hub.events).toContain('hub-reclaim-started')

    await provider.register()
    expect(codeOf((await requester.open(to)).reply)).toBe('hub/out-of-funds')
    await clock.advance(policy.withdrawDelaySeconds * 1000)
    await expect.poll(() => hub.events).toContain('hub-reclaimed')
    expect(await locked()).toBe(0n)
    expect(codeOf((await requester.open(to)).reply)).toBe('opened')
    expect(await provider.claim()).toBe(400n)
    await hub.stop()
  })

  test('says that it is busy while its chain does not answer, and goes on when it does', async () => {
    const { hub, chain, clock, requester, to } = await openHubDeal()
    const job = await requester.open(to)
    await job.pay(400n)
    const channel = chain.channel.bind(chain)
    chain.channel = () => Promise.reject(new ChainError('chain/unreachable', 'No answer.'))
    // What is known of the channel counts for a while.
    await clock.advance(4 * 60_000)
    expect(codeOf(await job.pay(500n))).toBe('paid')
    await clock.advance(2 * 60_000)
    expect(codeOf(await job.pay(600n))).toBe('hub/busy')
    chain.channel = channel
    const again = await requester.open({ ...to, jobId: job.jobId })
    expect(again.reply).toMatchObject({ type: 'opened', chargeMicroUsd: 500n })
    expect(codeOf(await again.pay(600n))).toBe('paid')
    await hub.stop()
  })
})
