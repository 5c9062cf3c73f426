import { expect, test } from 'vitest'
import { defaultSampler } from '../domain/job.ts'
import { createMemoryEngine } from './memory-engine.ts'
import { createMemoryModel } from './memory-model.ts'

const seed = `0x${'2a'.repeat(16)}` as const
const messages = [{ role: 'user' as const, content: 'Hi' }]

async function answer(weights = 1, temperature = 0.7) {
  const engine = createMemoryEngine({ weights })
  await engine.load(createMemoryModel({ weights }))
  const promptIds = await engine.text.encodeChat(messages)
  const sampler = { ...defaultSampler, temperature }
  const stream = engine.generate({ promptIds, sampler, seed, maxTokens: 200, stop: [] })
  const tokenIds: number[] = []
  let text = ''
  let next = await stream.next()
  for (; !next.done; next = await stream.next()) {
    tokenIds.push(next.value.tokenId)
    text += next.value.text
  }
  return { engine, promptIds, sampler, tokenIds, text: text + next.value.text, result: next.value }
}

test('the same seed gives the same answer, which ends by itself', async () => {
  const [first, second] = [await answer(), await answer()]
  expect(first.tokenIds).toEqual(second.tokenIds)
  expect(first.result.finishReason).toBe('stop')
  expect(first.text).toMatch(/^[a-z ,.]+$/)
})

test('recomputing an honest answer finds no margin, and a changed token has one', async () => {
  const { engine, promptIds, sampler, tokenIds } = await answer()
  const honest = await engine.recompute({ promptIds, sampler, seed, tokenIds })
  expect(honest.margins.every((margin) => margin === 0)).toBe(true)
  const changed = tokenIds.with(5, tokenIds[5] === 97 ? 98 : 97)
  const forged = await engine.recompute({ promptIds, sampler, seed, tokenIds: changed })
  expect(forged.margins[5]).toBeGreaterThan(0)
  expect(forged.choices[5]).toBe(tokenIds[5])
})

test('another model disagrees with the answer', async () => {
  const { promptIds, sampler, tokenIds } = await answer(1)
  const { engine } = await answer(2)
  const { margins } = await engine.recompute({ promptIds, sampler, seed, tokenIds })
  expect(margins.filter((margin) => margin > 0).length).toBeGreaterThan(tokenIds.length / 2)
})
