import { describe, expect, test } from 'vitest'
import { ManualClock } from '../../src/device/manual-clock.ts'
import { ManualDevice } from '../../src/device/manual-device.ts'
import { askingPrice } from '../../src/domain/asking-price.ts'
import { type GovernorDecision, defaultGovernorSettings } from '../../src/domain/governor.ts'
import { createGovernor } from '../../src/roles/provide/govern.ts'
import { price } from '../fixtures/jobs.ts'
import { entry, makeAsk, never, openMarket, runAsk } from '../fixtures/market.ts'

const onlyPluggedIn = { ...defaultGovernorSettings, onlyPluggedIn: true }

/** A market with one provider, on a machine and under a governor that the test drives. */
async function openGovernedMarket() {
  const market = openMarket()
  const tab = await market.joinProvider()
  const { requester, directory } = await market.joinRequester()
  const device = new ManualDevice()
  const clock = new ManualClock()
  const governor = createGovernor({ device, clock, provider: tab.provider })
  const decisions: (GovernorDecision | null)[] = []
  governor.watch((decision) => decisions.push(decision))
  const stage = () => tab.provider.status().stage
  const offers = async () => (await directory.list()).offers.map(({ offer }) => offer)
  return { ...tab, requester, device, clock, governor, decisions, stage, offers }
}

describe('a pause', () => {
  test('takes the offer away, and brings it back by itself', async () => {
    const { governor, device, clock, stage, offers, decisions, provider } = await openGovernedMarket()
    governor.follow(onlyPluggedIn)
    expect(await offers()).toHaveLength(1)

    device.set({ power: 'battery' })
    await expect.poll(stage).toBe('paused')
    expect(await offers()).toEqual([])
    device.set({ power: 'mains' })
    expect(await offers()).toEqual([])

    await clock.advance(15_000)
    await expect.poll(stage).toBe('online')
    expect(await offers()).toHaveLength(1)
    expect(decisions.map((decision) => decision?.run)).toEqual([undefined, true, false, true])
    await provider.stop()
  })

  test('takes no new job, and finishes the one under way', async () => {
    const { governor, device, requester, provider, stage } = await openGovernedMarket()
    governor.follow(onlyPluggedIn)
    const answer = await runAsk(requester.ask(makeAsk(), never), (event) => {
      if (event.type === 'tokens' && event.tokens.completionTokens === 10) device.set({ power: 'battery' })
    })
    expect(answer.error).toBeNull()
    expect(answer.tokens.completionTokens).toBeGreaterThan(10)
    expect(stage()).toBe('paused')
    await expect(runAsk(requester.ask(makeAsk(), never))).rejects.toMatchObject({ code: /^market\// })
    await provider.stop()
  })

  test('for its owner’s sake slows what is under way', async () => {
    const { governor, device, clock, engine, provider } = await openGovernedMarket()
    governor.follow({ ...defaultGovernorSettings, pauseWhileUsed: true })
    expect(engine.share).toBe(1)
    device.set({ computerUse: 'active' })
    expect(engine.share).toBe(0.25)
    device.set({ computerUse: 'idle' })
    await clock.advance(125_000)
    expect(engine.share).toBe(1)
    await provider.stop()
  })

  test('that is there before sharing starts lets it get ready, and holds it back', async () => {
    const { governor, device, provider, clock, stage, offers } = await openGovernedMarket()
    await provider.stop()
    device.set({ power: 'battery' })
    governor.follow(onlyPluggedIn)
    await provider.start({ entry, price })
    expect(stage()).toBe('paused')
    expect(await offers()).toEqual([])
    device.set({ power: 'mains' })
    await clock.advance(15_000)
    await expect.poll(stage).toBe('online')
    await provider.stop()
  })

  test('ends when its rule is taken away, and with the governor', async () => {
    const { governor, device, clock, provider, stage, decisions } = await openGovernedMarket()
    device.set({ power: 'battery', batteryLevel: 0.1 })
    governor.follow(onlyPluggedIn)
    await expect.poll(stage).toBe('paused')
    governor.follow({ ...defaultGovernorSettings, leastBattery: 0 })
    await expect.poll(stage).toBe('online')
    governor.follow(onlyPluggedIn)
    await expect.poll(stage).toBe('paused')
    governor.release()
    await expect.poll(stage).toBe('online')
    expect(decisions.at(-1)).toBeNull()
    device.set({ batteryLevel: 0.05 })
    await clock.advance(60_000)
    expect(decisions.at(-1)).toBeNull()
    await provider.stop()
  })
})

test('hours begin and end without an event', async () => {
  const { governor, clock, provider, stage } = await openGovernedMarket()
  // The clock begins at midnight before a Thursday.
  governor.follow({ ...defaultGovernorSettings, hours: [{ days: [3], fromHour: 0, toHour: 1 }] })
  await clock.advance(1_000)
  expect(stage()).toBe('online')
  await clock.advance(3_600_000)
  await expect.poll(stage).toBe('paused')
  await provider.stop()
})

test('a share of the machine is a share of the speed that is offered', async () => {
  const { governor, engine, provider, offers } = await openGovernedMarket()
  const [whole] = await offers()
  governor.follow({ ...defaultGovernorSettings, share: 0.4 })
  expect(engine.share).toBe(0.4)
  await expect
    .poll(async () => (await offers())[0]?.milliTokensPerSecond)
    .toBe((whole?.milliTokensPerSecond ?? 0) * 0.4)
  governor.release()
  expect(engine.share).toBe(1)
  await provider.stop()
})

test('a price that must cover the power is raised to it', async () => {
  const { provider, offers } = await openGovernedMarket()
  await provider.stop()
  const cheap = askingPrice(1_000n)
  // 100 tokens a second; 0.036 dollars an hour.
  await provider.start({ entry, price: cheap, covering: { watts: 90, usdPerKilowattHour: 0.4 } })
  expect((await offers())[0]?.price).toEqual(askingPrice(100_000n))
  await provider.stop()
  await provider.start({ entry, price: cheap })
  expect((await offers())[0]?.price).toEqual(cheap)
  await provider.stop()
})
