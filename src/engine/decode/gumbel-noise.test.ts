import { expect, test } from 'vitest'
import { createGumbelNoise, largestGumbel } from './gumbel-noise.ts'

const seed = `0x${'0123456789abcdef'.repeat(2)}` as const

test('draws have the mean and the variance of the Gumbel distribution', () => {
  const noise = createGumbelNoise(seed)
  const draws = Array.from({ length: 40_000 }, (_, i) => noise(i >> 8, i & 255))
  const mean = draws.reduce((sum, draw) => sum + draw, 0) / draws.length
  const variance = draws.reduce((sum, draw) => sum + (draw - mean) ** 2, 0) / draws.length
  expect(mean).toBeCloseTo(0.5772, 1)
  expect(variance).toBeCloseTo(Math.PI ** 2 / 6, 1)
  expect(Math.max(...draws)).toBeLessThan(largestGumbel)
})

test('a draw depends on seed, position and token, and on nothing else', () => {
  const [one, same] = [createGumbelNoise(seed), createGumbelNoise(seed)]
  expect(one(3, 7)).toBe(same(3, 7))
  const others = [one(4, 7), one(3, 8), createGumbelNoise(`0x${'00'.repeat(16)}`)(3, 7)]
  expect(new Set([one(3, 7), ...others]).size).toBe(4)
})

test('known draws, bit by bit', () => {
  const noise = createGumbelNoise(seed)
  expect([noise(0, 0), noise(1, 2), noise(4095, 49151)]).toMatchInlineSnapshot(`
    [
      1.086689389090607,
      -0.43903923379385856,
      -0.3811992698851006,
    ]
  `)
})

test('a seed of another length is refused', () => {
  expect(() => createGumbelNoise('0x00')).toThrowError(
    expect.objectContaining({ code: 'engine/invalid-settings' }),
  )
})
