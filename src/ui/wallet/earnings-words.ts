import type { Earnings, EarningsBucket } from '../../state/earnings.ts'

type Unit = Earnings['unit']

const hour = { hour: '2-digit', minute: '2-digit' } as const
const day = { day: 'numeric', month: 'short' } as const
const month = { month: 'short', year: 'numeric' } as const
const weekday = { weekday: 'short', ...day } as const

/** Returns what stands under a bar: as little as tells it from its neighbours. */
export function tickName({ fromMs }: EarningsBucket, unit: Unit): string {
  const from = new Date(fromMs)
  return unit === 'hour'
    ? from.toLocaleTimeString([], hour)
    : from.toLocaleDateString([], unit === 'day' ? day : { month: 'short', year: '2-digit' })
}

/** Returns a bucket's stretch of local time in words. */
export function bucketName({ fromMs, toMs }: EarningsBucket, unit: Unit): string {
  const from = new Date(fromMs)
  if (unit === 'month') return from.toLocaleDateString([], month)
  if (unit === 'day') return from.toLocaleDateString([], weekday)
  const clock = (atMs: number) => new Date(atMs).toLocaleTimeString([], hour)
  return `${from.toLocaleDateString([], weekday)}, ${clock(fromMs)}–${clock(toMs)}`
}
