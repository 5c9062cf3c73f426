import type { MicroUsd } from '../domain/price.ts'

const microPerUsd = 1_000_000n
const significantDigits = 4
const wordsPerToken = 0.75

/**
 * Returns dollars with up to four significant digits, rounded down, never with an exponent.
 *
 * @example
 * formatUsd(18n) // '$0.000018'
 */
export function formatUsd(amount: MicroUsd): string {
  const sign = amount < 0n ? '−' : ''
  const micro = amount < 0n ? -amount : amount
  const whole = micro / microPerUsd
  const wholeDigits = whole === 0n ? 0 : String(whole).length
  const fraction = String(micro % microPerUsd).padStart(6, '0')
  const leadingZeros = wholeDigits > 0 ? 0 : (/^0*/.exec(fraction)?.[0].length ?? 0)
  const kept = fraction.slice(0, Math.max(0, leadingZeros + significantDigits - wholeDigits))
  const cents = wholeDigits > 2 ? kept : kept.replace(/0+$/, '').padEnd(2, '0')
  return `${sign}$${whole.toLocaleString('en-US')}${wholeDigits > 3 ? '' : `.${cents.padEnd(1, '0')}`}`
}

/** Returns the whole amount, every digit of it. */
export function exactUsd(amount: MicroUsd): string {
  const sign = amount < 0n ? '-' : ''
  const micro = amount < 0n ? -amount : amount
  return `${sign}${micro / microPerUsd}.${String(micro % microPerUsd).padStart(6, '0')}`
}

/** Returns a speed as figures: whole above ten, one decimal below. */
export function formatRate(perSecond: number): string {
  return perSecond >= 10 ? String(Math.round(perSecond)) : perSecond.toFixed(1)
}

/** Returns a speed as a reader feels it, such as `23 words a second`. */
export function formatWordRate(tokensPerSecond: number): string {
  const words = tokensPerSecond * wordsPerToken
  if (words >= 1.5) return `${Math.round(words)} words a second`
  return words * 60 >= 1.5 ? `${Math.round(words * 60)} words a minute` : 'less than a word a minute'
}

export function formatMegabytes(bytes: number): string {
  return bytes >= 1e9 ? `${(bytes / 1e9).toFixed(1)} GB` : `${Math.round(bytes / 1e6)} MB`
}

/** Returns a count with its noun, such as `1 tab` or `14 tabs`. */
export function plural(count: number, noun: string): string {
  return `${count.toLocaleString('en-US')} ${noun}${count === 1 ? '' : 's'}`
}

/** Returns the ends of an address or a hash, enough to tell two apart. */
export function shorten(hex: string): string {
  return hex.length > 14 ? `${hex.slice(0, 6)}…${hex.slice(-4)}` : hex
}

/** Returns how long something takes or took, such as `8 s` or `3 min`. */
export function formatDuration(ms: number): string {
  const seconds = Math.round(ms / 1000)
  if (seconds < 60) return `${seconds} s`
  const minutes = Math.round(seconds / 60)
  return minutes < 60 ? `${minutes} min` : `${Math.round(minutes / 60)} h`
}

export function formatTime(atMs: number): string {
  const at = new Date(atMs)
  const today = at.toDateString() === new Date().toDateString()
  const time = at.toLocaleTimeString([], { hour: '2-digit', minute: '2-digit' })
  return today ? time : `${at.toLocaleDateString([], { day: 'numeric', month: 'short' })}, ${time}`
}
