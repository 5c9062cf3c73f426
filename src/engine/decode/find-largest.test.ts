import fc from 'fast-check'
import { expect, test } from 'vitest'
import { findLargest } from './find-largest.ts'

test('finds the same few as a whole sort does', () => {
  const values = fc.array(fc.integer({ min: -5, max: 5 }), { minLength: 1, maxLength: 100 })
  fc.assert(
    fc.property(values, fc.integer({ min: 1, max: 64 }), (numbers, count) => {
      const array = Float32Array.from(numbers)
      expect(findLargest(array, count)).toEqual(findLargest(array, 1000).slice(0, count))
    }),
  )
})
