import { describe, expect, test } from 'vitest'
import { ManualClock } from '../device/manual-clock.ts'
import type { DeviceState } from './device.ts'
import {
  type GovernorDecision,
  type GovernorSettings,
  decide,
  defaultGovernorSettings,
  emptyMemory,
} from './governor.ts'

const mondayNoon = Date.UTC(2026, 10, 23, 12)
const calm: DeviceState = {
  power: 'mains',
  batteryLevel: 1,
  pressure: 'nominal',
  lastInputMs: null,
  computerUse: 'unknown',
  isHandheld: false,
  utcOffsetMinutes: 0,
}
const blind: DeviceState = { ...calm, power: 'unknown', batteryLevel: 'unknown', pressure: 'unknown' }
const strict: GovernorSettings = {
  share: 0.5,
  onlyPluggedIn: true,
  pauseWhileUsed: true,
  pauseWhenHot: true,
  leastBattery: 0.3,
  hours: [],
}

/** A governor over a machine and a clock that the test drives. */
function govern(settings: Partial<GovernorSettings> = {}) {
  const clock = new ManualClock(mondayNoon)
  const rules = { ...strict, ...settings }
  let device = calm
  let memory = emptyMemory
  const now = (): GovernorDecision => {
    const next = decide(rules, device, clock.nowMs(), memory)
    memory = next.memory
    return next.decision
  }
  return {
    rules,
    clock,
    now,
    /** What it says after a change, `ms` later. */
    async after(ms: number, change: Partial<DeviceState> = {}) {
      device = { ...device, ...change }
      await clock.advance(ms)
      return now()
    },
  }
}

const why = (decision: GovernorDecision) => (decision.run ? null : decision.why.kind)

describe('the share', () => {
  test.each([
    [0.5, 0.5],
    [0.01, 0.1],
    [7, 1],
  ])('%d is kept between a tenth and the whole', (share, dutyCycle) => {
    expect(govern({ share }).now()).toEqual({ run: true, dutyCycle })
  })
})

test('what a browser does not tell stops nothing', async () => {
  expect(await govern().after(60_000, blind)).toMatchObject({ run: true })
})

test('a rule that is off is no rule', async () => {
  const lax = govern({ ...defaultGovernorSettings, leastBattery: 0 })
  const worst = { power: 'battery', batteryLevel: 0.01, pressure: 'critical', computerUse: 'active' } as const
  await lax.after(0, worst)
  expect(await lax.after(60_000)).toEqual({ run: true, dutyCycle: 1 })
})

describe('power', () => {
  test('pauses on battery at once, and goes on when it has been plugged in for a while', async () => {
    const governor = govern()
    expect(await governor.after(0, { power: 'battery' })).toMatchObject({ why: { kind: 'on-battery' } })
    expect(why(await governor.after(5_000, { power: 'mains' }))).toBe('on-battery')
    expect(why(await governor.after(5_000))).toBeNull()
  })

  test('a loose plug does not make it flap', async () => {
    const governor = govern()
    let changes = 0
    let last: string | null = null
    for (let second = 0; second < 60; second++) {
      const next = why(await governor.after(1_000, { power: second % 2 ? 'mains' : 'battery' }))
      if (next !== last) changes++
      last = next
    }
    expect(changes).toBe(1)
  })

  test('a low battery must be charged a little before it serves again', async () => {
    const governor = govern({ onlyPluggedIn: false })
    const power = 'battery' as const
    expect(why(await governor.after(0, { power, batteryLevel: 0.3 }))).toBeNull()
    expect(await governor.after(60_000, { batteryLevel: 0.29 })).toMatchObject({
      run: false,
      why: { kind: 'battery-low', level: 0.29, resumesAtLevel: 0.35 },
    })
    expect(why(await governor.after(60_000, { batteryLevel: 0.34 }))).toBe('battery-low')
    expect(why(await governor.after(60_000, { batteryLevel: 0.36 }))).toBeNull()
    expect(why(await governor.after(60_000, { batteryLevel: 0.34 }))).toBeNull()
  })

  test('a charger cures a low battery', async () => {
    const governor = govern()
    await governor.after(0, { power: 'battery', batteryLevel: 0.1 })
    expect(why(await governor.after(10_000, { power: 'mains' }))).toBeNull()
  })
})

describe('heat', () => {
  test('a short peak is none', async () => {
    const governor = govern()
    expect(why(await governor.after(0, { pressure: 'critical' }))).toBeNull()
    expect(why(await governor.after(9_000))).toBeNull()
    expect(why(await governor.after(1_000, { pressure: 'fair' }))).toBeNull()
    expect(why(await governor.after(60_000))).toBeNull()
  })

  test('lasting pressure pauses, slows what runs, and needs two quiet minutes to end', async () => {
    const governor = govern()
    await governor.after(0, { pressure: 'serious' })
    expect(why(await governor.after(59_000))).toBeNull()
    expect(await governor.after(1_000)).toEqual({
      run: false,
      why: { kind: 'hot', pressure: 'serious' },
      dutyCycle: 0.25,
    })
    expect(why(await governor.after(119_000, { pressure: 'nominal' }))).toBe('hot')
    expect(why(await governor.after(1_000))).toBeNull()
  })

  test('critical pressure pauses after ten seconds, and needs two quiet minutes to end', async () => {
    const governor = govern()
    await governor.after(0, { pressure: 'critical' })
    expect(why(await governor.after(9_999))).toBeNull()
    expect(await governor.after(1)).toEqual({
      run: false,
      why: { kind: 'hot', pressure: 'critical' },
      dutyCycle: 0.25,
    })
    expect(await governor.after(110_000, { pressure: 'serious' })).toMatchObject({
      why: { kind: 'hot', pressure: 'serious' },
    })
    expect(why(await governor.after(119_999, { pressure: 'fair' }))).toBe('hot')
    expect(why(await governor.after(1))).toBeNull()
    expect(why(await governor.after(0, { pressure: 'critical' }))).toBeNull()
    expect(why(await governor.after(9_999))).toBeNull()
  })

  test.each([
    ['at once, where it was high for as long', 10_000, 0],
    ['once it was high for as long in all', 4_000, 6_000],
  ])('serious pressure that turns critical pauses %s', async (_, seriousMs, criticalMs) => {
    const governor = govern()
    await governor.after(0, { pressure: 'serious' })
    expect(why(await governor.after(seriousMs))).toBeNull()
    const turned = await governor.after(Math.max(criticalMs - 1, 0), { pressure: 'critical' })
    expect(why(turned)).toBe(criticalMs === 0 ? 'hot' : null)
    expect(await governor.after(1)).toMatchObject({ why: { kind: 'hot', pressure: 'critical' } })
  })
})

describe('use', () => {
  test('input on the page pauses for two minutes after the last of it', async () => {
    const governor = govern()
    const lastInputMs = mondayNoon + 1_000
    expect(await governor.after(1_000, { lastInputMs })).toEqual({
      run: false,
      why: { kind: 'in-use', of: 'tab', resumesAtMs: lastInputMs + 120_000 },
      dutyCycle: 0.25,
    })
    expect(why(await governor.after(119_000))).toBe('in-use')
    expect(why(await governor.after(1_000))).toBeNull()
  })

  test('where the browser tells of the whole computer, its use counts', async () => {
    const governor = govern()
    expect(await governor.after(0, { computerUse: 'active' })).toMatchObject({ why: { of: 'computer' } })
    expect(why(await governor.after(119_000, { computerUse: 'idle' }))).toBe('in-use')
    expect(why(await governor.after(1_000))).toBeNull()
  })
})

describe('hours', () => {
  const hours = [{ days: [0], fromHour: 18, toHour: 22 }]

  test('pauses outside of them and says when it goes on, to the minute', async () => {
    const governor = govern({ hours })
    const resumesAtMs = mondayNoon + 6 * 3_600_000
    expect(governor.now()).toMatchObject({ run: false, why: { kind: 'hours', resumesAtMs } })
    expect(why(await governor.after(6 * 3_600_000 - 1))).toBe('hours')
    expect(why(await governor.after(1))).toBeNull()
    expect(why(await governor.after(4 * 3_600_000))).toBe('hours')
  })

  test('go by the machine’s own time', async () => {
    expect(why(await govern({ hours }).after(0, { utcOffsetMinutes: 6 * 60 }))).toBeNull()
  })

  test('without a single day it never works', () => {
    expect(govern({ hours: [{ days: [], fromHour: 8, toHour: 9 }] }).now()).toMatchObject({
      why: { resumesAtMs: null },
    })
  })
})

describe('a clock that is set back', () => {
  const hourMs = 3_600_000

  test.each<[string, Partial<DeviceState>, Partial<DeviceState>, number]>([
    ['on battery', { power: 'battery' }, { power: 'mains' }, 10_000],
    ['with a low battery', { power: 'battery', batteryLevel: 0.1 }, { power: 'mains' }, 10_000],
    ['in use', { computerUse: 'active' }, { computerUse: 'idle' }, 120_000],
    ['with input on the page', { lastInputMs: mondayNoon }, {}, 120_000],
  ])('makes no pause %s longer than its rest', async (_, paused, over, restMs) => {
    const governor = govern()
    expect(why(await governor.after(0, paused))).not.toBeNull()
    expect(why(await governor.after(-hourMs, over))).not.toBeNull()
    expect(why(await governor.after(restMs - 1))).not.toBeNull()
    expect(why(await governor.after(1))).toBeNull()
    expect(why(await governor.after(hourMs / 2))).toBeNull()
  })

  test('makes neither a heat last nor one go unseen', async () => {
    const governor = govern()
    await governor.after(0, { pressure: 'serious' })
    expect(why(await governor.after(60_000))).toBe('hot')
    await governor.after(-hourMs, { pressure: 'nominal' })
    expect(why(await governor.after(120_000))).toBeNull()
    await governor.after(0, { pressure: 'serious' })
    await governor.after(-hourMs)
    expect(why(await governor.after(60_000))).toBe('hot')
  })
})

test('the first of several reasons is told, the rest hold until they are over', async () => {
  const governor = govern()
  expect(why(await governor.after(0, { power: 'battery', computerUse: 'active' }))).toBe('on-battery')
  await governor.after(0, { power: 'mains' })
  expect(why(await governor.after(10_000))).toBe('in-use')
})
