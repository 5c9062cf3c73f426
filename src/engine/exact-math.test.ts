import fc from 'fast-check'
import { expect, test } from 'vitest'
import { exactCosSin, exactExp, exactLog } from './exact-math.ts'

const relativeError = (actual: number, expected: number) =>
  Math.abs(actual - expected) / Math.max(Math.abs(expected), Number.MIN_VALUE)

test('the exponential is right to the last bits, from one end of the doubles to the other', () => {
  fc.assert(
    fc.property(fc.double({ min: -700, max: 700, noNaN: true }), (x) => {
      expect(relativeError(exactExp(x), Math.exp(x))).toBeLessThan(5e-16)
    }),
  )
  expect([exactExp(0), exactExp(-1000), exactExp(1000)]).toEqual([1, 0, Infinity])
})

test('the logarithm is right to the last bits', () => {
  fc.assert(
    fc.property(fc.double({ min: 1e-300, max: 1e300, noNaN: true }), (x) => {
      expect(Math.abs(exactLog(x) - Math.log(x))).toBeLessThan(4e-16 * Math.max(1, Math.abs(Math.log(x))))
    }),
  )
  expect(exactLog(1)).toBe(0)
})

test('cosine and sine hold over every angle that a position can have', () => {
  fc.assert(
    fc.property(fc.double({ min: 0, max: 1e6, noNaN: true }), (angle) => {
      const [cos, sin] = exactCosSin(angle)
      expect(Math.abs(cos - Math.cos(angle))).toBeLessThan(1e-11)
      expect(Math.abs(sin - Math.sin(angle))).toBeLessThan(1e-11)
    }),
  )
})

test('some values, bit by bit: they are part of every answer that was ever signed', () => {
  expect([exactExp(1), exactExp(-0.3), exactLog(10), exactLog(0.37)]).toEqual([
    2.7182818284590455, 0.7408182206817179, 2.302585092994046, -0.994252273343867,
  ])
  expect(exactCosSin(100)).toEqual([0.862318872287684, -0.5063656411097588])
})
