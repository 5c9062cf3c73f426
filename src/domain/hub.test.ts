import fc from 'fast-check'
import { expect, it } from 'vitest'
import { chargeWithin, maxSpreadMillionths, priceWithSpread, spreadOn, withSpread } from './hub.ts'

const charges = fc.bigInt(0n, 10n ** 15n)
const hubs = fc.record({ spreadMillionths: fc.nat(maxSpreadMillionths) })

it('takes its spread of the charge, rounded down', () => {
  expect(spreadOn(199n, { spreadMillionths: 50_000 })).toBe(9n)
  expect(withSpread(199n, { spreadMillionths: 50_000 })).toBe(208n)
  expect(withSpread(199n, null)).toBe(199n)
})

it('gives every charge back from what was paid for it', () => {
  fc.assert(
    fc.property(charges, hubs, (charge, hub) => {
      expect(chargeWithin(withSpread(charge, hub), hub)).toBe(charge)
    }),
  )
  expect(chargeWithin(7n, null)).toBe(7n)
})

it('puts its spread on both sides of a price', () => {
  const price = { promptMicroUsdPerMillion: 50_000n, completionMicroUsdPerMillion: 199n }
  expect(priceWithSpread(price, { spreadMillionths: 50_000 })).toEqual({
    promptMicroUsdPerMillion: 52_500n,
    completionMicroUsdPerMillion: 208n,
  })
  expect(priceWithSpread(price, null)).toEqual(price)
})
