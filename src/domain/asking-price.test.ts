import { expect, test } from 'vitest'
import { askingPrice, coverPower, highestMicroUsdPerMillion } from './asking-price.ts'
import { netUsdPerMillion } from './energy.ts'

const energy = { watts: 36, usdPerKilowattHour: 0.25 }

test('a prompt token costs a fifth of an answer token', () => {
  expect(askingPrice(250_000n)).toEqual({
    promptMicroUsdPerMillion: 50_000n,
    completionMicroUsdPerMillion: 250_000n,
  })
})

test('a price that pays for its power stays', () => {
  expect(coverPower(askingPrice(250_000n), 25, energy)).toEqual(askingPrice(250_000n))
})

test('a price below is raised to the first that loses nothing', () => {
  const covered = coverPower(askingPrice(50_000n), 7, energy)
  const { completionMicroUsdPerMillion: floor } = covered
  expect(covered).toEqual(askingPrice(floor))
  expect(netUsdPerMillion(7, floor, energy)).toBeGreaterThanOrEqual(0)
  expect(netUsdPerMillion(7, floor - 1n, energy)).toBeLessThan(0)
})

test('a machine that stands still asks the most there is', () => {
  expect(coverPower(askingPrice(1n), 0, energy)).toEqual(askingPrice(highestMicroUsdPerMillion))
  expect(coverPower(askingPrice(1n), 5, { ...energy, watts: 0 })).toEqual(askingPrice(1n))
})
