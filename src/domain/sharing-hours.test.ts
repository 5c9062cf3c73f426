import { describe, expect, test } from 'vitest'
import { hourOfWeek, hoursUntilOpen, isWithinHours } from './sharing-hours.ts'

const friday = 4
const nights = { days: [friday], fromHour: 22, toHour: 7 }
const at = (day: number, hour: number) => day * 24 + hour

describe('the hour of the week', () => {
  test('begins on Monday, in the machine’s own time', () => {
    const thursdayNoon = Date.UTC(2026, 10, 26, 12, 30)
    expect(hourOfWeek(thursdayNoon, 0)).toBeCloseTo(at(3, 12.5))
    expect(hourOfWeek(thursdayNoon, -8 * 60)).toBeCloseTo(at(3, 4.5))
    expect(hourOfWeek(thursdayNoon, 13 * 60)).toBeCloseTo(at(4, 1.5))
  })

  test('wraps at the end of the week', () => {
    const sundayNight = Date.UTC(2026, 10, 29, 23)
    expect(hourOfWeek(sundayNight, 120)).toBeCloseTo(1)
  })
})

describe('windows', () => {
  test('no windows are always open', () => {
    expect(isWithinHours(5, [])).toBe(true)
    expect(hoursUntilOpen(5, [])).toBeNull()
  })

  test.each([
    [at(friday, 21.9), false],
    [at(friday, 22), true],
    [at(friday + 1, 6.9), true],
    [at(friday + 1, 7), false],
    [at(3, 23), false],
  ])('a night ends the next morning: hour %d is %s', (hour, open) => {
    expect(isWithinHours(hour, [nights])).toBe(open)
  })

  test('Sunday’s night ends on Monday', () => {
    expect(isWithinHours(at(0, 3), [{ ...nights, days: [6] }])).toBe(true)
  })

  test('equal ends are a whole day', () => {
    const day = { days: [2], fromHour: 9, toHour: 9 }
    expect(isWithinHours(at(2, 9), [day])).toBe(true)
    expect(isWithinHours(at(3, 8.9), [day])).toBe(true)
    expect(isWithinHours(at(3, 9), [day])).toBe(false)
  })

  test('tells how long until the next one opens', () => {
    expect(hoursUntilOpen(at(friday, 20), [nights])).toBe(2)
    expect(hoursUntilOpen(at(friday + 1, 8), [nights, { days: [0], fromHour: 8, toHour: 9 }])).toBe(48)
    expect(hoursUntilOpen(at(0, 0), [{ ...nights, days: [] }])).toBeNull()
  })
})
