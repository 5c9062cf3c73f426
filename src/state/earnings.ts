import type { MicroUsd } from '../domain/price.ts'

/** How far back a plot of earnings looks; `all` reaches to the first answer. */
export type EarningsRange = 'day' | 'week' | 'month' | 'all'

/** What one stretch of local time brought. */
export type EarningsBucket = {
  /** Unix times in milliseconds; the end belongs to the next bucket. */
  fromMs: number
  toMs: number
  amountMicroUsd: MicroUsd
  answers: number
}

/** What is plotted, and how finely it is cut. */
export type Earnings = { unit: 'hour' | 'day' | 'month'; buckets: EarningsBucket[]; totalMicroUsd: MicroUsd }

/** A payment for an answer. */
export type Earned = { atMs: number; amountMicroUsd: MicroUsd }

const hourMs = 3_600_000
const dayMs = 24 * hourMs
/** Longer than this, `all` is cut into months. */
const mostDays = 62

const dayBefore = (nowMs: number, days: number) => {
  const now = new Date(nowMs)
  return new Date(now.getFullYear(), now.getMonth(), now.getDate() - days).getTime()
}
const monthBefore = (nowMs: number, months: number) => {
  const now = new Date(nowMs)
  return new Date(now.getFullYear(), now.getMonth() - months).getTime()
}
const hourBefore = (nowMs: number, hours: number) => new Date(nowMs).setMinutes(0, 0, 0) - hours * hourMs

const starters = { hour: hourBefore, day: dayBefore, month: monthBefore }

/** Returns the shortest range that shows everything since the first payment, a month at most. */
export function rangeSince(firstMs: number, nowMs: number): EarningsRange {
  const days = (nowMs - firstMs) / dayMs
  if (days < 1) return 'day'
  return days < 7 ? 'week' : 'month'
}

function cut(
  range: EarningsRange,
  firstMs: number,
  nowMs: number,
): { unit: Earnings['unit']; count: number } {
  if (range === 'day') return { unit: 'hour', count: 24 }
  if (range === 'week') return { unit: 'day', count: 7 }
  if (range === 'month') return { unit: 'day', count: 30 }
  const days = Math.ceil((dayBefore(nowMs, 0) - dayBefore(firstMs, 0)) / dayMs) + 1
  if (days <= mostDays) return { unit: 'day', count: days }
  const [first, now] = [new Date(firstMs), new Date(nowMs)]
  const months = (now.getFullYear() - first.getFullYear()) * 12 + now.getMonth() - first.getMonth()
  return { unit: 'month', count: months + 1 }
}

/** Returns payments added up by hour, day or month of local time, the newest bucket being the present one. */
export function earningsOver(earned: readonly Earned[], range: EarningsRange, nowMs: number): Earnings {
  const firstMs = earned.reduce((first, { atMs }) => Math.min(first, atMs), nowMs)
  const { unit, count } = cut(range, firstMs, nowMs)
  const startOf = (back: number) => starters[unit](nowMs, back)
  const buckets = Array.from({ length: count }, (_, index): EarningsBucket => {
    const back = count - 1 - index
    return { fromMs: startOf(back), toMs: startOf(back - 1), amountMicroUsd: 0n, answers: 0 }
  })
  let totalMicroUsd = 0n
  for (const { atMs, amountMicroUsd } of earned) {
    const bucket = buckets.findLast(({ fromMs, toMs }) => atMs >= fromMs && atMs < toMs)
    if (!bucket) continue
    bucket.amountMicroUsd += amountMicroUsd
    bucket.answers += 1
    totalMicroUsd += amountMicroUsd
  }
  return { unit, buckets, totalMicroUsd }
}
