import { expect, it } from 'vitest'
import { claimWay } from './claim-way.ts'

it.each([
  ['nothing', 0n, 5n, true],
  ['relay', 6n, 5n, true],
  ['relay', 6n, 5n, false],
  ['own', 6n, null, false],
  ['own', 5n, 5n, true],
  ['own', 5n, undefined, true],
  ['too-dear', 5n, 5n, false],
  ['unknown', 5n, undefined, false],
] as const)('goes by %s: %s to claim at %s, gas %s', (way, claimable, fee, hasGas) => {
  expect(claimWay(claimable, fee, hasGas)).toBe(way)
})
