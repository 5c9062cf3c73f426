import { formatUnits } from '../format-units.ts'

const minute = 60
const hour = 60 * minute
const day = 24 * hour

const wholeCents = 10_000n
/** From ten dollars on, cents are enough to read; `/health` and `/metrics` have the rest. */
const exactBelowMicroUsd = 10_000_000n

/** Returns micro-dollars as people read them: `$0.001234`, `$2,469.01`. */
export function dollars(microUsd: bigint): string {
  const amount = microUsd < 0n ? -microUsd : microUsd
  const shown = amount < exactBelowMicroUsd ? amount : amount - (amount % wholeCents)
  const [whole = '0', fraction = ''] = formatUnits(shown, 6).split('.')
  return `${microUsd < 0n ? '−' : ''}$${grouped(whole)}.${fraction.padEnd(2, '0')}`
}

/** Returns wei in coins, to six decimals. */
export function coins(wei: bigint): string {
  return formatUnits(wei / 10n ** 12n, 6)
}

/** Returns a share of millionths in percent: `5%`. */
export function percent(millionths: number): string {
  return `${millionths / 10_000}%`
}

/** Returns a count with its thousands apart. */
export function grouped(count: number | string): string {
  return String(count).replace(/\B(?=(\d{3})+$)/g, ',')
}

/** Returns a duration in its two largest units: `3 d 4 h`. */
export function duration(seconds: number): string {
  const whole = Math.max(0, Math.floor(seconds))
  if (whole < minute) return `${whole} s`
  if (whole < hour) return `${Math.floor(whole / minute)} min`
  if (whole < day) return `${Math.floor(whole / hour)} h ${Math.floor((whole % hour) / minute)} min`
  return `${Math.floor(whole / day)} d ${Math.floor((whole % day) / hour)} h`
}
