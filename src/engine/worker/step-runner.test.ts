import { beforeAll, expect, test } from 'vitest'
import { loadInNode } from '../../../tests/fixtures/llama/load-in-node.ts'
import { writeTinyLlama } from '../../../tests/fixtures/llama/tiny-llama.ts'
import { createSequencePool } from '../decode/sequence-pool.ts'
import type { LanguageModel, Sequence } from '../decode/sequence.ts'

const longPrompt = Array.from({ length: 400 }, (_, i) => (i * 37 + 11) % 269)
const read = (sequence: Sequence, tokenIds: number[], signal?: AbortSignal) =>
  sequence.append(tokenIds, Infinity, () => {}, signal)

let model: LanguageModel
let steps = 0
beforeAll(async () => {
  model = (await loadInNode(new Blob([writeTinyLlama()]), { onStep: () => steps++ })).model
})

/** Streams tokens until told to stop; returns how far `other` came between each two. */
async function watchWhileStreaming(other: Sequence, until: Promise<void>): Promise<number[]> {
  const sequence = model.openSequence()
  let isOver = false
  const end = until.then(() => (isOver = true))
  const progress: number[] = []
  while (!isOver) {
    const before = other.length
    await read(sequence, [7])
    progress.push(other.length - before)
  }
  await end
  return progress
}

test('a long prompt comes in short slices, one between two tokens of an answer that streams', async () => {
  const reader = model.openSequence()
  const reading = read(reader, longPrompt)
  const progress = await watchWhileStreaming(reader, reading)
  // The first slice was cut before anybody streamed.
  expect(progress[0]).toBe(64)
  expect(new Set(progress.slice(1, -1))).toEqual(new Set([16]))
  expect(reader.length).toBe(400)
})

test('two long prompts beside an answer take turns', async () => {
  const [first, second] = [model.openSequence(), model.openSequence()]
  const readings = [read(first, longPrompt), read(second, longPrompt)]
  const leads: number[] = []
  const sequence = model.openSequence()
  while (first.length < 400) {
    const before = first.length + second.length
    await read(sequence, [7])
    expect(first.length + second.length - before).toBeLessThanOrEqual(64)
    leads.push(Math.abs(first.length - second.length))
  }
  await Promise.all(readings)
  expect(Math.max(...leads)).toBeLessThanOrEqual(64)
})

test('a cancellation counts before the next step', async () => {
  const cancel = new AbortController()
  const reader = model.openSequence()
  const reading = read(reader, longPrompt, cancel.signal)
  await read(model.openSequence(), [7])
  cancel.abort(new Error('Changed my mind.'))
  steps = 0
  await expect(reading).rejects.toThrow('Changed my mind.')
  expect(steps).toBe(0)
})

test('a prompt of one owner is read as fast as three of another together', async () => {
  const pool = createSequencePool(model)
  const open = async (owner: string, first: number) => {
    const tokenIds = [first, ...longPrompt]
    const sequence = await pool.borrow(tokenIds)
    sequence.owner = owner
    return { sequence, reading: read(sequence, tokenIds) }
  }
  const three = await Promise.all([1, 2, 3].map((first) => open('one', first)))
  const other = await open('other', 4)
  await other.reading
  const readOfThree = three.reduce((sum, { sequence }) => sum + sequence.length, 0)
  expect(readOfThree).toBeLessThanOrEqual(other.sequence.length + 2 * 64)
  await Promise.all(three.map(({ reading }) => reading))
})
