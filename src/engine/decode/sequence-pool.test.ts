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
  const first = await pool.borrow([1, 2, 3])
  await read(first, [1, 2, 3, 4, 5])
  pool.giveBack(first)
  const second = await pool.borrow([1, 2, 3, 4, 9, 9])
  expect(second.length).toBe(4)
  pool.giveBack(second)
  expect((await pool.borrow([1, 2, 3, 4])).length).toBe(3)
})

test('another text of the same length is not taken for it', async () => {
  const pool = createSequencePool(byteModel)
  const first = await pool.borrow([1, 2, 3])
  await read(first, [1, 2, 3, 4])
  pool.giveBack(first)
  expect((await pool.borrow([7, 2, 3, 4, 5])).length).toBe(0)
})

test('a sequence in use is nobody else’s', async () => {
  const pool = createSequencePool(byteModel)
  const first = await pool.borrow([1, 2, 3])
  await read(first, [1, 2])
  expect(await pool.borrow([1, 2, 3])).not.toBe(first)
  pool.giveBack(first)
  expect(await pool.borrow([1, 2, 3])).toBe(first)
})

test('idle texts take so much memory and no more, and the least recently used goes first', async () => {
  // The byte model's cache takes a byte a token.
  const pool = createSequencePool(byteModel, 50)
  const remember = async (start: number) => {
    const sequence = await pool.borrow([start, 0])
    await read(
      sequence,
      Array.from({ length: 20 }, (_, i) => start + i),
    )
    return sequence
  }
  const keptOf = async (start: number) => {
    const sequence = await pool.borrow([start, start + 1, start + 2, 0])
    const { length } = sequence
    sequence.truncate(0)
    pool.giveBack(sequence)
    return length
  }
  for (const sequence of [await remember(100), await remember(130)]) pool.giveBack(sequence)
  // The older one is used once more, so the other is the first to go.
  expect(await keptOf(100)).toBe(3)
  pool.giveBack(await remember(160))
  const kept = [await keptOf(100), await keptOf(130), await keptOf(160)]
  expect(kept).toEqual([3, 0, 3])
})

test('a text larger than all the memory is not kept, and ends no other', async () => {
  const pool = createSequencePool(byteModel, 4)
  const [small, large] = [await pool.borrow([7, 8]), await pool.borrow([1, 2])]
  await read(small, [7, 8])
  await read(large, [1, 2, 3, 4, 5])
  pool.giveBack(small)
  pool.giveBack(large)
  expect((await pool.borrow([1, 2, 3, 4, 5, 6])).length).toBe(0)
  expect((await pool.borrow([7, 8, 9])).length).toBe(2)
})

describe('a shared beginning', () => {
  const system = Array.from({ length: 30 }, (_, i) => 100 + i)
  const question = (start: number) => Array.from({ length: 20 }, (_, i) => start + i)

  test('is copied from a text that still grows', async () => {
    const pool = createSequencePool(byteModel)
    const first = await pool.borrow([...system, ...question(1)])
    await read(first, [...system, ...question(1)])
    const second = await pool.borrow([...system, ...question(50)])
    expect(second).not.toBe(first)
    expect([first.length, second.length]).toEqual([50, 30])
  })

  test('counts as far as it was read when its prompt is still being read', async () => {
    const model = createByteModel({ contextTokens: 500, weights: 1, pause: async () => {} })
    const pool = createSequencePool(model)
    const first = await pool.borrow([...system, 1])
    let inTheMiddle: Promise<number> | undefined
    const look = (_: Float32Array, position: number) => {
      if (position === 11) inTheMiddle = pool.borrow([...system, 2]).then(({ length }) => length)
    }
    await first.append([...system, 1], 0, look)
    expect(await inTheMiddle).toBe(12)
  })

  test('is copied from an ended text that is worth more as it is', async () => {
    const pool = createSequencePool(byteModel)
    const first = await pool.borrow([...system, ...question(1)])
    await read(first, [...system, ...question(1)])
    pool.giveBack(first)
    expect((await pool.borrow([...system, ...question(50)])).length).toBe(30)
    const next = await pool.borrow([...system, ...question(1), 7])
    expect([next === first, next.length]).toEqual([true, 50])
  })

  describe('of prompts that come at the same time', () => {
    const long = Array.from({ length: 200 }, (_, i) => (i * 7) % 250)

    test('is read by the first for all', async () => {
      let steps = 0
      const { model } = await loadInNode(new Blob([writeTinyLlama()]), { onStep: () => steps++ })
      const pool = createSequencePool(model)
      steps = 0
      const readPrompt = async (last: number) => {
        const sequence = await pool.borrow([...long, last, 9])
        const { length } = sequence
        await read(sequence, [...long, last].slice(length))
        return length
      }
      const lengths: Promise<number>[] = []
      for (const last of [1, 2, 3]) {
        lengths.push(readPrompt(last))
        // Requests come as messages, one after the other.
        await Promise.resolve()
      }
      expect(await Promise.all(lengths)).toEqual([0, 200, 200])
      expect(steps).toBeLessThan(8)
    })

    test('goes on from where the first was cancelled', async () => {
      const { model } = await loadInNode(new Blob([writeTinyLlama()]))
      const pool = createSequencePool(model)
      const cancel = new AbortController()
      const first = await pool.borrow([...long, 1])
      const reading = first.append(long, Infinity, () => {}, cancel.signal)
      const second = pool.borrow([...long, 2])
      await read(model.openSequence(), [7])
      cancel.abort()
      await expect(reading).rejects.toThrow()
      expect((await second).length).toBe(first.length)
      expect(first.length).toBeGreaterThan(0)
    })

    test('is waited for until the signal aborts, and not where more is to be read than saved', async () => {
      const { promise: forEver } = Promise.withResolvers<void>()
      const stuck = createByteModel({ contextTokens: 500, weights: 1, pause: () => forEver })
      const pool = createSequencePool(stuck)
      const first = await pool.borrow([...long, 1])
      void read(first, long)
      const cancel = new AbortController()
      const waiting = pool.borrow([...long, 2], cancel.signal)
      cancel.abort()
      expect((await waiting).length).toBe(0)
      // The first has 120 tokens more to read after the 80 that both share.
      expect((await pool.borrow([...long.slice(0, 80), 3, 3])).length).toBe(0)
    })
  })

  test('is taken from whoever shares most', async () => {
    const pool = createSequencePool(byteModel)
    for (const text of [system.slice(0, 10), system, system.slice(0, 20)]) {
      const sequence = await pool.borrow([...text, 1])
      await read(sequence, [...text, 1].slice(sequence.length))
    }
    expect((await pool.borrow([...system, 2, 3])).length).toBe(30)
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
    const first = await pool.borrow(request(1).promptIds)
    let copied: Promise<RecordedAnswer> | undefined
    const answer = await recordAnswer(model, first, request(1), {
      onToken: async () => {
        if (copied) return
        const second = await pool.borrow(request(50).promptIds)
        expect(second.length).toBe(90)
        copied = recordAnswer(model, second, request(50))
      },
    })
    expect([answer, await copied]).toEqual(await Promise.all(alone))
  })
})

test('a cancelled prompt leaves what was read of it', async () => {
  const pool = createSequencePool(byteModel)
  const sequence = await pool.borrow([1, 2, 3])
  const cancel = new AbortController()
  await sequence.append([1, 2], Infinity, () => {})
  cancel.abort()
  await expect(sequence.append([3, 4], 0, () => {}, cancel.signal)).rejects.toThrow()
  pool.giveBack(sequence)
  expect((await pool.borrow([1, 2, 3, 4, 5])).length).toBe(2)
})

test('an answer over a kept cache is the answer without one, token by token', async () => {
  const { model } = await loadInNode(new Blob([writeTinyLlama()]))
  const pool = createSequencePool(model)
  const firstPrompt = Array.from({ length: 70 }, (_, i) => (i * 31) % 260)
  const sequence = await pool.borrow(firstPrompt)
  const firstAnswer = await answer(model, sequence, firstPrompt)
  pool.giveBack(sequence)
  const nextPrompt = [...firstPrompt, ...firstAnswer.slice(0, 6), 40, 41, 42]
  const kept = await pool.borrow(nextPrompt)
  expect(kept.length).toBe(76)
  expect(await answer(model, kept, nextPrompt)).toEqual(await answer(model, model.openSequence(), nextPrompt))
})
