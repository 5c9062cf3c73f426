import type { MicroUsd } from '../domain/price.ts'

const microPerUsd = 1_000_000n
const significantDigits = 4
/** Decimals that are shown even when they are zero. */
const cents = 2
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
  const fraction = String(micro % microPerUsd).padStart(6, '0')
  const leadingZeros = /^0*/.exec(fraction)?.[0].length ?? 0
  const room = significantDigits + (whole === 0n ? leadingZeros : -String(whole).length)
  const decimals = Math.max(0, room)
  const shown = fraction
    .slice(0, decimals)
    .replace(/0+$/, '')
    .padEnd(decimals < cents ? 0 : cents, '0')
  return `${sign}$${whole.toLocaleString('en-US')}${shown && `.${shown}`}`
}

/** Returns a reckoned amount of dollars as `formatUsd` does, to the nearest millionth. */
export function formatDollars(usd: number): string {
  return formatUsd(BigInt(Math.round(usd * 1e6)))
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

/** Returns millionths as a percentage, such as `2.5%`. */
export function formatShare(millionths: number): string {
  return `${(millionths / 10_000).toLocaleString('en-US', { maximumFractionDigits: 2 })}%`
}

/** Returns a size as a download shows it, in decimal units. */
export function formatMegabytes(bytes: number): string {
  if (bytes > 0 && bytes < 0.5e6) return `${Math.ceil(bytes / 1e3)} kB`
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

/** Returns the local time of day, and the day before it unless that is today. */
export function formatTime(atMs: number): string {
  const at = new Date(atMs)
  const today = at.toDateString() === new Date().toDateString()
  const time = at.toLocaleTimeString([], { hour: '2-digit', minute: '2-digit' })
  return today ? time : `${at.toLocaleDateString([], { day: 'numeric', month: 'short' })}, ${time}`
}

/** Returns a length of time in the largest unit that tells it, such as `9 weeks` or `68 minutes`. */
export function formatDuration(durationMs: number): string {
  const minutes = Math.round(durationMs / 60_000)
  if (minutes < 120) return plural(minutes, 'minute')
  if (minutes < 48 * 60) return plural(Math.round(minutes / 60), 'hour')
  const days = Math.round(minutes / (24 * 60))
  return days < 21 ? plural(days, 'day') : plural(Math.round(days / 7), 'week')
}

/** Returns a calendar day, such as `3 November 2026`. */
export function formatDay(atMs: number): string {
  return new Date(atMs).toLocaleDateString([], { day: 'numeric', month: 'long', year: 'numeric' })
}
