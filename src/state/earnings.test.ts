import { describe, expect, it } from 'vitest'
import { earningsOver, rangeSince } from './earnings.ts'

const dayMs = 24 * 3_600_000
const at = (...local: [number, number, number, number?, number?]) => new Date(...local).getTime()
const now = at(2026, 10, 23, 15, 40)
const earned = (atMs: number, amount: bigint) => ({ atMs, amountMicroUsd: amount })

describe('earnings over time', () => {
  it('adds up the last 24 hours by the hour of local time', () => {
    const { unit, buckets, totalMicroUsd } = earningsOver(
      [
        earned(at(2026, 10, 23, 15, 0), 3n),
        earned(at(2026, 10, 23, 15, 39), 4n),
        earned(at(2026, 10, 23, 14, 59), 5n),
        earned(at(2026, 10, 22, 15, 59), 100n),
      ],
      'day',
      now,
    )
    expect(unit).toBe('hour')
    expect(buckets).toHaveLength(24)
    expect(buckets.at(-1)).toMatchObject({ fromMs: at(2026, 10, 23, 15), amountMicroUsd: 7n, answers: 2 })
    expect(buckets.at(-2)).toMatchObject({ amountMicroUsd: 5n, answers: 1 })
    expect(totalMicroUsd).toBe(12n)
  })

  it.each([
    ['week', 7],
    ['month', 30],
  ] as const)('cuts a %s into %i days, each from midnight to midnight', (range, days) => {
    const { unit, buckets } = earningsOver([earned(at(2026, 10, 23, 0, 0), 1n)], range, now)
    expect(unit).toBe('day')
    expect(buckets).toHaveLength(days)
    for (const { fromMs } of buckets) expect(new Date(fromMs).getHours()).toBe(0)
    buckets.slice(1).forEach(({ fromMs }, index) => expect(fromMs).toBe(buckets[index]?.toMs))
    expect(buckets.at(-1)?.amountMicroUsd).toBe(1n)
  })

  it('shows all there is by day, and by month once that is long', () => {
    const days = earningsOver([earned(now - 40 * dayMs, 1n), earned(now, 2n)], 'all', now)
    expect(days).toMatchObject({ unit: 'day', totalMicroUsd: 3n })
    expect(days.buckets[0]?.amountMicroUsd).toBe(1n)
    const months = earningsOver([earned(at(2025, 11, 31), 1n), earned(now, 2n)], 'all', now)
    expect(months).toMatchObject({ unit: 'month', totalMicroUsd: 3n })
    expect(months.buckets).toHaveLength(12)
    expect(months.buckets[0]).toMatchObject({ fromMs: at(2025, 11, 1), toMs: at(2026, 0, 1), answers: 1 })
  })

  it('loses nothing at either edge of a bucket', () => {
    const edges = [at(2026, 10, 22), at(2026, 10, 23) - 1, at(2026, 10, 23)].map((atMs) => earned(atMs, 1n))
    expect(earningsOver(edges, 'week', now).buckets.slice(-2)).toMatchObject([{ answers: 2 }, { answers: 1 }])
  })

  it('is empty where nothing was earned', () => {
    expect(earningsOver([], 'all', now)).toMatchObject({ totalMicroUsd: 0n, buckets: [{ answers: 0 }] })
  })
})

it.each([
  [0.5, 'day'],
  [3, 'week'],
  [200, 'month'],
] as const)('looks far enough back for the first answer, %f days ago: a %s', (days, range) => {
  expect(rangeSince(now - days * dayMs, now)).toBe(range)
})
