import type { MicroUsd } from '../domain/price.ts'

const decimals = 6

/** Returns a typed amount of dollars, or null where it is none: digits, a point and at most six decimals. */
export function parseUsd(text: string): MicroUsd | null {
  const match = /^\s*\$?\s*(\d{1,12})(?:\.(\d{0,6}))?\s*$/.exec(text)
  if (!match) return null
  return BigInt(`${match[1]}${(match[2] ?? '').padEnd(decimals, '0')}`)
}
