import { describe, expect, test } from 'vitest'
import { loadInNode } from '../../../tests/fixtures/llama/load-in-node.ts'
import { recordAnswer, type RecordedAnswer } from '../../../tests/fixtures/llama/recorded-answer.ts'
import { writeTinyLlama } from '../../../tests/fixtures/llama/tiny-llama.ts'
import { defaultSampler } from '../../domain/job.ts'
import type { GenerateRequest } from '../../ports/engine.ts'
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

test('idle texts take so much memory and no more, and the least recently used goes first', async () => {
  // The byte model's cache takes a byte a token.
  const pool = createSequencePool(byteModel, 50)
  const remember = async (start: number) => {
    const sequence = pool.borrow([start, 0])
    await read(
      sequence,
      Array.from({ length: 20 }, (_, i) => start + i),
    )
    return sequence
  }
  const keptOf = (start: number) => {
    const sequence = pool.borrow([start, start + 1, start + 2, 0])
    const { length } = sequence
    sequence.truncate(0)
    pool.giveBack(sequence)
    return length
  }
  for (const sequence of [await remember(100), await remember(130)]) pool.giveBack(sequence)
  // The older one is used once more, so the other is the first to go.
  expect(keptOf(100)).toBe(3)
  pool.giveBack(await remember(160))
  expect([100, 130, 160].map(keptOf)).toEqual([3, 0, 3])
})

test('a text larger than all the memory is not kept', async () => {
  const pool = createSequencePool(byteModel, 4)
  const sequence = pool.borrow([1, 2])
  await read(sequence, [1, 2, 3, 4, 5])
  pool.giveBack(sequence)
  expect(pool.borrow([1, 2, 3, 4, 5, 6]).length).toBe(0)
})

describe('a shared beginning', () => {
  const system = Array.from({ length: 30 }, (_, i) => 100 + i)
  const question = (start: number) => Array.from({ length: 20 }, (_, i) => start + i)

  test('is copied from a text that still grows', async () => {
    const pool = createSequencePool(byteModel)
    const first = pool.borrow([...system, ...question(1)])
    await read(first, [...system, ...question(1)])
    const second = pool.borrow([...system, ...question(50)])
    expect(second).not.toBe(first)
    expect([first.length, second.length]).toEqual([50, 30])
  })

  test('counts as far as it was read when its prompt is still being read', async () => {
    const model = createByteModel({ contextTokens: 500, weights: 1, pause: async () => {} })
    const pool = createSequencePool(model)
    const first = pool.borrow([...system, 1])
    let inTheMiddle = -1
    const look = (_: Float32Array, position: number) => {
      if (position === 11) inTheMiddle = pool.borrow([...system, 2]).length
    }
    await first.append([...system, 1], 0, look)
    expect(inTheMiddle).toBe(12)
  })

  test('is copied from an ended text that is worth more as it is', async () => {
    const pool = createSequencePool(byteModel)
    const first = pool.borrow([...system, ...question(1)])
    await read(first, [...system, ...question(1)])
    pool.giveBack(first)
    expect(pool.borrow([...system, ...question(50)]).length).toBe(30)
    const next = pool.borrow([...system, ...question(1), 7])
    expect([next === first, next.length]).toEqual([true, 50])
  })

  test('is taken from whoever shares most', async () => {
    const pool = createSequencePool(byteModel)
    for (const text of [system.slice(0, 10), system, system.slice(0, 20)]) {
      const sequence = pool.borrow([...text, 1])
      await read(sequence, [...text, 1].slice(sequence.length))
    }
    expect(pool.borrow([...system, 2, 3]).length).toBe(30)
  })

  test('is read anew where caches cannot be copied', async () => {
    const openSequence = () => ({ ...byteModel.openSequence(), length: 40, fork: () => null })
    const pool = createSequencePool({ openSequence })
    const first = pool.borrow(system)
    await read(first, system)
    expect(pool.borrow([...system, 1])).not.toBe(first)
  })

  test('gives answers the bits of a fresh prefill, and leaves the other text as it was', async () => {
    const { model } = await loadInNode(new Blob([writeTinyLlama()]))
    const pool = createSequencePool(model)
    const request = (start: number): GenerateRequest => ({
      promptIds: [...system, ...system, ...system, ...question(start)],
      sampler: defaultSampler,
      seed: `0x${'5eed'.repeat(8)}`,
      maxTokens: 12,
      stop: [],
    })
    const alone = [1, 50].map((start) => recordAnswer(model, model.openSequence(), request(start)))
    const first = pool.borrow(request(1).promptIds)
    let copied: Promise<RecordedAnswer> | undefined
    const answer = await recordAnswer(model, first, request(1), {
      onToken: () => {
        if (copied) return
        const second = pool.borrow(request(50).promptIds)
        expect(second.length).toBe(90)
        copied = recordAnswer(model, second, request(50))
      },
    })
    expect([answer, await copied]).toEqual(await Promise.all(alone))
  })
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
