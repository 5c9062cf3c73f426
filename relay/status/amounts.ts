import { formatUnits } from '../format-units.ts'

const minute = 60
const hour = 60 * minute
const day = 24 * hour

/** Returns micro-dollars to the last of them: `$0.001234`, and never fewer than two decimals. */
export function dollars(microUsd: bigint): string {
  const [whole = '0', fraction = ''] = formatUnits(microUsd, 6).split('.')
  const amount = `${grouped(whole.replace('-', ''))}.${fraction.padEnd(2, '0')}`
  return `${microUsd < 0n ? '−' : ''}$${amount}`
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
