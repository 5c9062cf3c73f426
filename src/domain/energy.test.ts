import { expect, test } from 'vitest'
import { energyUsdPerHour, grossUsdPerHour, netUsdPerHour } from './energy.ts'

test('an hour of answering is paid per token and costs electricity', () => {
  expect(grossUsdPerHour(100, 200_000n)).toBeCloseTo(0.072, 12)
  expect(energyUsdPerHour({ watts: 40, usdPerKilowattHour: 0.3 })).toBeCloseTo(0.012, 12)
  expect(netUsdPerHour(100, 200_000n, { watts: 40, usdPerKilowattHour: 0.3 })).toBeCloseTo(0.06, 12)
  expect(netUsdPerHour(1, 200_000n, { watts: 40, usdPerKilowattHour: 0.3 })).toBeLessThan(0)
})
