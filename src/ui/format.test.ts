import { describe, expect, it } from 'vitest'
import {
  exactUsd,
  formatDuration,
  formatMegabytes,
  formatShare,
  formatUsd,
  formatWordRate,
  plural,
  shorten,
} from './format.ts'

describe('formatUsd', () => {
  it.each([
    [0n, '$0.00'],
    [1n, '$0.000001'],
    [18n, '$0.000018'],
    [100_000_000n, '$100'],
    [123_400_000n, '$123.4'],
    [123_456n, '$0.1234'],
    [12_345n, '$0.01234'],
    [100_000n, '$0.10'],
    [4_999_982n, '$4.999'],
    [5_000_000n, '$5.00'],
    [12_345_678n, '$12.34'],
    [123_456_789n, '$123.4'],
    [1_234_567_890n, '$1,234'],
    [-18n, '−$0.000018'],
  ])('writes %s micro-dollars as %s', (amount, text) => {
    expect(formatUsd(amount)).toBe(text)
  })
})

describe('exactUsd', () => {
  it('keeps every digit', () => {
    expect(exactUsd(4_999_982n)).toBe('4.999982')
    expect(exactUsd(-1n)).toBe('-0.000001')
  })
})

describe('words for people', () => {
  it('tells speed in words', () => {
    expect(formatWordRate(31)).toBe('23 words a second')
    expect(formatWordRate(0.2)).toBe('9 words a minute')
    expect(formatWordRate(0)).toBe('less than a word a minute')
  })

  it('counts, weighs and shortens', () => {
    expect(plural(1, 'tab')).toBe('1 tab')
    expect(plural(1400, 'tab')).toBe('1,400 tabs')
    expect(formatMegabytes(98_362_432)).toBe('98 MB')
    expect(formatDuration(68 * 60_000)).toBe('68 minutes')
    expect(formatDuration(5 * 3_600_000)).toBe('5 hours')
    expect(formatDuration(63 * 24 * 3_600_000)).toBe('9 weeks')
    expect(formatShare(50_000)).toBe('5%')
    expect(formatShare(12_500)).toBe('1.25%')
    expect(shorten('0x52908400098527886E0F7030069857D2E4169EE7')).toBe('0x5290…9EE7')
  })
})
