import fc from 'fast-check'
import { expect, test } from 'vitest'
import type { Hex } from '../../domain/bytes.ts'
import type { SamplerSettings } from '../../domain/job.ts'
import { findLikelyTokens } from './likely-tokens.ts'
import { createSampler } from './sampler.ts'

const plain: SamplerSettings = { temperature: 1, topK: 0, topP: 1, minP: 0, repetitionPenalty: 1 }
const nothingSeen = new Set<number>()
const seedOf = (number: number): Hex => `0x${number.toString(16).padStart(32, '0')}`
const logits = Float32Array.of(2, 1, 0, -1, -2)

/** The ids that sampling ever yields over many seeds. */
function reachable(settings: SamplerSettings, seen = nothingSeen): number[] {
  const ids = Array.from({ length: 2000 }, (_, i) =>
    createSampler(settings, seedOf(i)).choose(logits, 0, seen),
  )
  return [...new Set(ids)].sort()
}

test('choices follow the softmax of logit / temperature', () => {
  for (const temperature of [0.5, 1, 2]) {
    const counts = [0, 0, 0, 0, 0]
    const draws = 20_000
    const sampler = createSampler({ ...plain, temperature }, seedOf(1))
    for (let i = 0; i < draws; i++) counts[sampler.choose(logits, i, nothingSeen)]!++
    const powers = Array.from(logits, (logit) => Math.exp(logit / temperature))
    const total = powers.reduce((sum, power) => sum + power, 0)
    const expected = powers.map((power) => (draws * power) / total)
    const chiSquare = counts.reduce((sum, count, i) => sum + (count - expected[i]!) ** 2 / expected[i]!, 0)
    // The 99.9% point for four degrees of freedom is 18.5.
    expect(chiSquare).toBeLessThan(18.5)
  }
})

test('at temperature 0 the likeliest wins, the lower id among equals', () => {
  const greedy = createSampler({ ...plain, temperature: 0 }, seedOf(1))
  expect(greedy.choose(logits, 0, nothingSeen)).toBe(0)
  expect(greedy.choose(Float32Array.of(1, 3, 3), 0, nothingSeen)).toBe(1)
})

test('top-k, top-p and min-p keep what they should', () => {
  expect(reachable(plain)).toEqual([0, 1, 2, 3, 4])
  expect(reachable({ ...plain, topK: 2 })).toEqual([0, 1])
  // Probabilities are 0.64, 0.23, 0.09, 0.03 and 0.01.
  expect(reachable({ ...plain, topP: 0.7 })).toEqual([0, 1])
  expect(reachable({ ...plain, topP: 0 })).toEqual([0])
  expect(reachable({ ...plain, minP: 0.1 })).toEqual([0, 1, 2])
  // Top-p counts within what top-k left.
  expect(reachable({ ...plain, topK: 2, topP: 0.7 })).toEqual([0])
})

test('the repetition penalty pulls positive and negative logits down', () => {
  const greedy = createSampler({ ...plain, temperature: 0, repetitionPenalty: 3 }, seedOf(1))
  expect(greedy.choose(Float32Array.of(2, 1), 0, new Set([0]))).toBe(1)
  expect(greedy.choose(Float32Array.of(-1, -2), 0, new Set([0]))).toBe(1)
})

test('among equals on the edge, top-k keeps the lower ids', () => {
  const { floor, onFloor } = findLikelyTokens(Float32Array.of(1, 5, 1, 1), { ...plain, topK: 3 })
  expect([floor, onFloor]).toEqual([1, 2])
})

test('the same settings, seed and position choose the same token, and an honest choice has no margin', () => {
  const anyLogits = fc.float32Array({ minLength: 4, maxLength: 64, min: -20, max: 20, noNaN: true })
  const settings = fc.record({
    temperature: fc.constantFrom(0, 0.3, 0.7, 1.5),
    topK: fc.nat(10),
    topP: fc.double({ min: 0.1, max: 1, noNaN: true }),
    minP: fc.double({ min: 0, max: 0.5, noNaN: true }),
    repetitionPenalty: fc.constantFrom(1, 1.1, 1.3),
  })
  fc.assert(
    fc.property(anyLogits, settings, fc.nat(5000), (values, chosen, position) => {
      const sampler = createSampler(chosen, seedOf(position + 7))
      const seen = new Set([0, 2])
      const choice = sampler.choose(values, position, seen)
      expect(createSampler(chosen, seedOf(position + 7)).choose(values, position, seen)).toBe(choice)
      expect(sampler.judge(values, position, seen, choice)).toEqual({ choice, margin: 0 })
    }),
  )
})

test('a margin is what the claimed logit would have to rise by, over the temperature', () => {
  for (const settings of [plain, { ...plain, temperature: 0.5, topK: 2 }, { ...plain, temperature: 0 }]) {
    const sampler = createSampler(settings, seedOf(3))
    const { choice } = sampler.judge(logits, 9, nothingSeen, 0)
    const claimed = choice === 4 ? 3 : 4
    const { margin } = sampler.judge(logits, 9, nothingSeen, claimed)
    const scale = settings.temperature || 1
    const raisedBy = (part: number) => {
      const raised = logits.slice()
      raised[claimed]! += margin * part * scale
      return sampler.choose(raised, 9, nothingSeen)
    }
    expect([raisedBy(0.999), raisedBy(1.001)]).toEqual([choice, claimed])
  }
})

test('known choices, token by token', () => {
  const values = Float32Array.from({ length: 200 }, (_, i) => ((i * 7919) % 101) / 12)
  const settings = { temperature: 0.7, topK: 40, topP: 0.95, minP: 0.05, repetitionPenalty: 1.1 }
  const sampler = createSampler(settings, `0x${'5eed'.repeat(8)}`)
  const choices = Array.from({ length: 12 }, (_, position) => sampler.choose(values, position, new Set([3])))
  expect(choices).toMatchInlineSnapshot(`
    [
      86,
      59,
      160,
      165,
      145,
      91,
      160,
      32,
      32,
      76,
      22,
      32,
    ]
  `)
})

test('settings out of range are named', () => {
  for (const wrong of [
    { temperature: -1 },
    { topP: 1.5 },
    { topK: 0.5 },
    { minP: NaN },
    { repetitionPenalty: 0 },
  ]) {
    expect(() => createSampler({ ...plain, ...wrong }, seedOf(1))).toThrowError(
      expect.objectContaining({
        code: 'engine/invalid-settings',
        shortMessage: expect.stringContaining(Object.keys(wrong)[0]!),
      }),
    )
  }
})

test('numbers that are none are never sampled', () => {
  const sampler = createSampler(plain, seedOf(1))
  expect(sampler.choose(Float32Array.of(NaN, 1, NaN), 0, nothingSeen)).toBe(1)
  expect(() => sampler.choose(Float32Array.of(NaN, NaN), 0, nothingSeen)).toThrowError(
    expect.objectContaining({ code: 'engine/device-lost' }),
  )
})
