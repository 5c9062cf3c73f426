import { describe, expect, it } from 'vitest'
import { type EarningCase, estimateEarnings } from './estimate-earnings.ts'

/** A dollar an hour when steady, a tenth of it for power. */
const steady: EarningCase = {
  tokensPerSecond: 1e6 / 3600,
  completionMicroUsdPerMillion: 1_000_000n,
  royaltyBps: 0,
  energy: { watts: 400, usdPerKilowattHour: 0.25 },
  share: 1,
  slots: 2,
  market: { tabs: 2, slots: 6, busySlots: 2, price: null },
  ownSlots: 0,
}
const estimate = (change: Partial<EarningCase> = {}) => estimateEarnings({ ...steady, ...change })
const busy = (slots: number, busySlots: number) => ({ tabs: 1, slots, busySlots, price: null })

describe('the work of an hour', () => {
  it('is what the market has, spread over its places with this tab’s', () => {
    expect(estimate().busyShare).toBeCloseTo((2 * 2) / (6 + 2))
  })

  it('counts this tab’s own places once when it shares already', () => {
    expect(estimate({ ownSlots: 2 }).busyShare).toBeCloseTo((2 * 2) / 6)
  })

  it('is never more than an hour', () => {
    expect(estimate({ market: busy(4, 4), slots: 4, ownSlots: 4 }).busyShare).toBe(1)
  })

  it('is none where nobody asks, nobody offers, or this tab has no place', () => {
    expect(estimate({ market: busy(6, 0) }).busyShare).toBe(0)
    expect(estimate({ market: busy(0, 0) }).busyShare).toBe(0)
    expect(estimate({ market: busy(0, 0), slots: 0 }).busyShare).toBe(0)
  })
})

describe('what it leaves', () => {
  it('is the price of the tokens less the power, for as long as it works', () => {
    const { paidUsd, powerUsd, netUsd, steadyNetUsd } = estimate()
    expect(paidUsd).toBeCloseTo(0.5)
    expect(powerUsd).toBeCloseTo(0.05)
    expect(netUsd).toBeCloseTo(0.45)
    expect(steadyNetUsd).toBeCloseTo(0.9)
  })

  it('is less by the publisher’s royalty, which no power is taken from', () => {
    expect(estimate({ royaltyBps: 1000 }).steadyNetUsd).toBeCloseTo(0.9 - 0.1)
  })

  it('is a part where a part of the machine is shared', () => {
    expect(estimate({ share: 0.5 }).netUsd).toBeCloseTo(0.225)
  })

  it('is less than nothing where the power costs more', () => {
    expect(estimate({ completionMicroUsdPerMillion: 50_000n }).netUsd).toBeCloseTo(-0.025)
  })
})
