import { expect, test } from 'vitest'
import {
  breakEvenUsdPerMillion,
  classifyDevice,
  energyUsdPerHour,
  estimateWatts,
  grossUsdPerHour,
  netUsdPerHour,
  netUsdPerMillion,
} from './energy.ts'

test('an hour of answering is paid per token and costs electricity', () => {
  expect(grossUsdPerHour(100, 200_000n)).toBeCloseTo(0.072, 12)
  expect(energyUsdPerHour({ watts: 40, usdPerKilowattHour: 0.3 })).toBeCloseTo(0.012, 12)
  expect(netUsdPerHour(100, 200_000n, { watts: 40, usdPerKilowattHour: 0.3 })).toBeCloseTo(0.06, 12)
  expect(netUsdPerHour(1, 200_000n, { watts: 40, usdPerKilowattHour: 0.3 })).toBeLessThan(0)
})

const energy = { watts: 36, usdPerKilowattHour: 0.25 }

test('the break-even price pays for the electricity and nothing more', () => {
  // 0.009 dollars an hour, 90,000 tokens an hour.
  expect(breakEvenUsdPerMillion(25, energy)).toBeCloseTo(0.1, 12)
  expect(netUsdPerHour(25, 100_000n, energy)).toBeCloseTo(0, 12)
  expect(netUsdPerMillion(25, 100_000n, energy)).toBeCloseTo(0, 12)
  expect(netUsdPerMillion(25, 250_000n, energy)).toBeCloseTo(0.15, 12)
  expect(netUsdPerMillion(25, 50_000n, energy)).toBeCloseTo(-0.05, 12)
})

test('free power has no break-even price', () => {
  expect(breakEvenUsdPerMillion(25, { watts: 36, usdPerKilowattHour: 0 })).toBe(0)
})

test.each([
  ['phone', { isHandheld: true, hasBattery: true, gpu: 'qualcomm adreno-7xx' }],
  ['laptop', { isHandheld: false, hasBattery: true, gpu: 'nvidia ampere' }],
  ['desktop-gpu', { isHandheld: false, hasBattery: false, gpu: 'nvidia ampere' }],
  ['desktop', { isHandheld: false, hasBattery: false, gpu: 'intel gen-12lp' }],
  ['desktop', { isHandheld: false, hasBattery: false, gpu: null }],
] as const)('a %s is known by its signs', (device, signs) => {
  expect(classifyDevice(signs)).toBe(device)
})

test('a bigger machine draws more', () => {
  const watts = (['phone', 'laptop', 'desktop', 'desktop-gpu'] as const).map(estimateWatts)
  expect(watts).toEqual(watts.toSorted((a, b) => a - b))
  expect(watts[0]).toBeGreaterThan(0)
})
