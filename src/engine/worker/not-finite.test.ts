import { expect, test } from 'vitest'
import { loadInNode } from '../../../tests/fixtures/llama/load-in-node.ts'
import { recordAnswer } from '../../../tests/fixtures/llama/recorded-answer.ts'
import { writeTinyLlama } from '../../../tests/fixtures/llama/tiny-llama.ts'
import { defaultSampler } from '../../domain/job.ts'
import type { GenerateRequest } from '../../ports/engine.ts'
import { createSequencePool } from '../decode/sequence-pool.ts'
import { readGgufHead } from '../gguf/read-gguf.ts'

const poison = 200

/** A model that looks one token up as what is no number; its head is a matrix of its own. */
async function writePoisoned(): Promise<Blob> {
  const file = Buffer.from(writeTinyLlama({ tiedEmbedding: false }))
  const { byteOffset, dims } = (await readGgufHead(new Blob([file]))).tensors.get('token_embd.weight')!
  const rowBytes = (dims[0]! / 32) * 34
  // The scale of the row's first block becomes infinite.
  file.writeUInt16LE(0x7c00, byteOffset + poison * rowBytes)
  return new Blob([file])
}

const requestOf = (promptIds: number[]): GenerateRequest => ({
  promptIds,
  sampler: { ...defaultSampler, temperature: 0 },
  seed: `0x${'00'.repeat(16)}`,
  maxTokens: 12,
  stop: [],
})
const textOf = (first: number, length: number) =>
  Array.from({ length }, (_, index) => (first + index * 31) % 199)

test.each(['wasm-int8-6', 'wasm-float-4'] as const)(
  'a text of which %s makes no numbers fails alone, and leaves nothing behind',
  async (recipe) => {
    const { model } = await loadInNode(await writePoisoned(), { recipe, sliceTokens: 1 })
    const good = [3, 50, 9].map((first, index) => requestOf(textOf(first, 8 + 6 * index)))
    const alone = []
    for (const request of good) alone.push(await recordAnswer(model, model.openSequence(), request))

    const pool = createSequencePool(model)
    const answer = async (request: GenerateRequest) => {
      const sequence = await pool.borrow(request.promptIds)
      try {
        return await recordAnswer(model, sequence, request)
      } finally {
        pool.giveBack(sequence)
      }
    }
    for (const badTokens of [2, 7, 20, 60]) {
      const bad = requestOf([...textOf(3, badTokens), poison, ...textOf(5, 6)])
      const [failed, ...answers] = await Promise.allSettled([answer(bad), ...good.map(answer)])
      expect(failed).toMatchObject({ status: 'rejected', reason: { code: 'engine/not-finite' } })
      expect(answers).toEqual(alone.map((value) => ({ status: 'fulfilled', value })))
      // Begins as the failed one did.
      const again = await Promise.all(good.map(answer))
      expect(again.map(({ tokenIds }) => tokenIds)).toEqual(alone.map(({ tokenIds }) => tokenIds))
    }
  },
)

test('a state that is no number fails too', async () => {
  const { model } = await loadInNode(await writePoisoned())
  const sequence = model.openSequence()
  await sequence.readState([1, 2])
  await expect(sequence.readState([3, poison, 4])).rejects.toMatchObject({ code: 'engine/not-finite' })
  expect(sequence.length).toBe(2)
  expect((await sequence.readState([5])).every(Number.isFinite)).toBe(true)
})
