import { expect, it } from 'vitest'
import { claimWay, missingForFee } from './claim-way.ts'

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

it.each([
  ['nothing without a bond', 0n, null, 5n, 0n],
  ['nothing where the account pays its own gas', 0n, { held: 0n, free: 0n }, null, 0n],
  ['the whole fee from an empty wallet', 0n, { held: 0n, free: 0n }, 5n, 5n],
  ['what the balance does not cover', 3n, { held: 0n, free: 0n }, 5n, 2n],
  ['nothing where enough is free', 0n, { held: 0n, free: 5n }, 5n, 0n],
  ['nothing once the bond is full', 0n, { held: 100n, free: 0n }, 5n, 0n],
] as const)('a bonded claim lacks %s', (_what, balanceMicroUsd, bond, fee, missing) => {
  const account = bond && {
    heldMicroUsd: bond.held,
    freeMicroUsd: bond.free,
    untilMs: null,
    targetMicroUsd: 100n,
    holdMs: 1,
  }
  expect(missingForFee({ balanceMicroUsd, claimableMicroUsd: 50n, bond: account }, fee)).toBe(missing)
})
