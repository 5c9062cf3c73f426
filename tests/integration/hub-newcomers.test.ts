import { describe, expect, test } from 'vitest'
import type { HandProvider, HandRequester } from '../fixtures/hub-ends.ts'
import { codeOf } from '../fixtures/hub-ends.ts'
import { type HubWorld, openHubWorld } from '../fixtures/hub.ts'

/** What the hub has at first. */
const capitalMicroUsd = 100_000_000n
const fakes = 50
const ceilingMicroUsd = 10_000n

/** A hub with one provider that has worked for it, and whoever asks it. */
async function openHubAtWork() {
  const world = await openHubWorld()
  const hub = world.startHub()
  const requester = await world.joinRequester(2_000_000n)
  const known = await joinRegistered(world)
  const job = await requester.open({ provider: known.account.address, ceilingMicroUsd })
  expect(codeOf(await job.pay(9_000n))).toBe('paid')
  await job.close()
  await expect.poll(async () => (await hub.figures()).jobsOpen).toBe(0)
  const lockedMicroUsd = async () => (await hub.figures()).lockedMicroUsd
  return { world, hub, requester, known, lockedMicroUsd }
}

async function joinRegistered(world: HubWorld): Promise<HandProvider> {
  const provider = await world.joinProvider()
  expect(codeOf(await provider.register())).toBe('registered')
  return provider
}

/** Opens a job that is never paid, and ends it. */
async function openAndLeave(requester: HandRequester, provider: HandProvider, ceiling: bigint) {
  const { reply, line } = await requester.open({
    provider: provider.account.address,
    ceilingMicroUsd: ceiling,
  })
  await line.close().catch(() => {})
  return codeOf(reply)
}

async function paid(requester: HandRequester, provider: HandProvider): Promise<string> {
  const job = await requester.open({ provider: provider.account.address, ceilingMicroUsd })
  return job.reply.type === 'opened' ? codeOf(await job.pay(5_000n)) : codeOf(job.reply)
}

describe(`${fakes} providers that somebody makes up`, () => {
  test('and has asked for next to nothing get next to nothing; honest ones are paid as ever', async () => {
    const { world, hub, requester, known, lockedMicroUsd } = await openHubAtWork()
    const before = await lockedMicroUsd()
    const accomplice = await world.joinRequester(1_000n)
    const codes: string[] = []
    for (let made = 0; made < fakes; made++) {
      codes.push(await openAndLeave(accomplice, await joinRegistered(world), 1n))
    }
    expect(codes.filter((code) => code === 'opened').length).toBeLessThanOrEqual(3)
    expect((await lockedMicroUsd()) - before).toBeLessThanOrEqual(60_000n)
    expect(await paid(requester, known)).toBe('paid')
    expect(await paid(requester, await joinRegistered(world))).toBe('paid')
    await hub.stop()
  })

  test('and has asked by as many requesters for as much as they can lock a part of its money at most', async () => {
    const { world, hub, requester, known, lockedMicroUsd } = await openHubAtWork()
    const before = await lockedMicroUsd()
    for (let made = 0; made < fakes; made++) {
      const accomplice = await world.joinRequester(6_000_000n)
      await openAndLeave(accomplice, await joinRegistered(world), 5_000_000n)
    }
    expect((await lockedMicroUsd()) - before).toBeLessThanOrEqual(capitalMicroUsd / 8n)
    expect(await paid(requester, known)).toBe('paid')
    // An ordinary job of a newcomer still finds room, as soon as the hub takes on another one.
    await world.clock.advance(10_000)
    expect(await paid(requester, await joinRegistered(world))).toBe('paid')
    await hub.stop()
  })

  test('cannot buy more than it pays for', async () => {
    const { world, hub, lockedMicroUsd } = await openHubAtWork()
    const before = await lockedMicroUsd()
    for (let made = 0; made < 20; made++) {
      const accomplice = await world.joinRequester(6_000_000n)
      const fake = await joinRegistered(world)
      const job = await accomplice.open({ provider: fake.account.address, ceilingMicroUsd: 10n })
      if (job.reply.type === 'opened') await job.pay(1n)
      await job.close()
      await openAndLeave(accomplice, fake, 5_000_000n)
    }
    expect((await lockedMicroUsd()) - before).toBeLessThanOrEqual(capitalMicroUsd / 4n)
    await hub.stop()
  })
})
