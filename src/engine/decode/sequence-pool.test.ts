import { expect, test } from 'vitest'
import { loadInNode } from '../../../tests/fixtures/llama/load-in-node.ts'
import { writeTinyLlama } from '../../../tests/fixtures/llama/tiny-llama.ts'
import { defaultSampler } from '../../domain/job.ts'
import { createByteModel } from '../memory-model.ts'
import { generate } from './generate.ts'
import type { LanguageModel, Sequence } from './sequence.ts'
import { createSequencePool } from './sequence-pool.ts'

const byteModel = createByteModel({ contextTokens: 500, weights: 1, pause: async () => {} })
const read = (sequence: Sequence, tokenIds: number[]) => sequence.append(tokenIds, Infinity, () => {})

async function answer(model: LanguageModel, sequence: Sequence, promptIds: number[]): Promise<number[]> {
  const seed = `0x${'5eed'.repeat(8)}` as const
  const request = { promptIds, sampler: defaultSampler, seed, maxTokens: 12, stop: [] }
  const tokenIds: number[] = []
  for await (const event of generate(model, sequence, request)) tokenIds.push(event.tokenId)
  return tokenIds
}

test('the next turn goes on where the last one ended, but for its last token', async () => {
  const pool = createSequencePool(byteModel)
  const first = pool.borrow([1, 2, 3])
  await read(first, [1, 2, 3, 4, 5])
  pool.giveBack(first)
  const second = pool.borrow([1, 2, 3, 4, 9, 9])
  expect(second.length).toBe(4)
  pool.giveBack(second)
  expect(pool.borrow([1, 2, 3, 4]).length).toBe(3)
})

test('another text of the same length is not taken for it', async () => {
  const pool = createSequencePool(byteModel)
  const first = pool.borrow([1, 2, 3])
  await read(first, [1, 2, 3, 4])
  pool.giveBack(first)
  expect(pool.borrow([7, 2, 3, 4, 5]).length).toBe(0)
})

test('a sequence in use is nobody else’s', async () => {
  const pool = createSequencePool(byteModel)
  const first = pool.borrow([1, 2, 3])
  await read(first, [1, 2])
  expect(pool.borrow([1, 2, 3])).not.toBe(first)
  pool.giveBack(first)
  expect(pool.borrow([1, 2, 3])).toBe(first)
})

test('only a few are kept, the latest ones', async () => {
  const pool = createSequencePool(byteModel)
  const sequences = [1, 2, 3].map((start) => pool.borrow([start, 0]))
  for (const [index, sequence] of sequences.entries()) await read(sequence, [index + 1, 5])
  for (const sequence of sequences) pool.giveBack(sequence)
  expect([1, 2, 3].map((start) => pool.borrow([start, 5, 6]).length)).toEqual([0, 2, 2])
})

test('a cancelled prompt leaves what was read of it', async () => {
  const pool = createSequencePool(byteModel)
  const sequence = pool.borrow([1, 2, 3])
  const cancel = new AbortController()
  await sequence.append([1, 2], Infinity, () => {})
  cancel.abort()
  await expect(sequence.append([3, 4], 0, () => {}, cancel.signal)).rejects.toThrow()
  pool.giveBack(sequence)
  expect(pool.borrow([1, 2, 3, 4, 5]).length).toBe(2)
})

test('an answer over a kept cache is the answer without one, token by token', async () => {
  const { model } = await loadInNode(new Blob([writeTinyLlama()]))
  const pool = createSequencePool(model)
  const firstPrompt = Array.from({ length: 70 }, (_, i) => (i * 31) % 260)
  const sequence = pool.borrow(firstPrompt)
  const firstAnswer = await answer(model, sequence, firstPrompt)
  pool.giveBack(sequence)
  const nextPrompt = [...firstPrompt, ...firstAnswer.slice(0, 6), 40, 41, 42]
  const kept = pool.borrow(nextPrompt)
  expect(kept.length).toBe(76)
  expect(await answer(model, kept, nextPrompt)).toEqual(await answer(model, model.openSequence(), nextPrompt))
})
