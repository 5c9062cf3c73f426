import { expect, test } from 'vitest'
import { loadInNode } from '../../../tests/fixtures/llama/load-in-node.ts'
import { recordAnswer, type RecordedAnswer } from '../../../tests/fixtures/llama/recorded-answer.ts'
import { tinyGemma3, writeTinyModel } from '../../../tests/fixtures/families/tiny-models.ts'
import { writeTinyLlama } from '../../../tests/fixtures/llama/tiny-llama.ts'
import { createMulberry32 } from '../../device/mulberry32.ts'
import { defaultSampler } from '../../domain/job.ts'
import type { GenerateRequest } from '../../ports/engine.ts'
import type { LanguageModel } from '../decode/sequence.ts'
import { createSequencePool } from '../decode/sequence-pool.ts'
import { nextTask } from './next-task.ts'

const requestKinds = 40
const mostAtOnce = 12

/** A model of each kind of attention: one that sees all, and one whose windows are a second bias. */
const files = {
  llama: () => writeTinyLlama(),
  gemma3: () => writeTinyModel(tinyGemma3),
}

/** Returns numbers from 0 to `limit` − 1. */
type Draw = (limit: number) => number

function createDraw(seed: number): Draw {
  const next = createMulberry32(seed)
  return (limit) => next() % limit
}

/** Prompts of any length, many with a common beginning, greedy or sampled. */
function drawRequest(draw: Draw): GenerateRequest {
  const start = draw(3) * 17
  const shared = Array.from({ length: draw(4) * 20 }, (_, i) => (start + i * 31) % 269)
  const own = Array.from({ length: 1 + draw(draw(4) === 0 ? 120 : 12) }, () => draw(269))
  const temperature = draw(2) === 0 ? 0 : 0.8
  return {
    promptIds: [...shared, ...own],
    sampler: { ...defaultSampler, temperature, repetitionPenalty: draw(2) === 0 ? 1 : 1.1 },
    seed: `0x${draw(2 ** 32)
      .toString(16)
      .padStart(32, '0')}`,
    maxTokens: 1 + draw(16),
    stop: [],
  }
}

/** The first tokens of an answer are the whole answer's, down to the logits. */
function expectBeginning(heard: RecordedAnswer, alone: RecordedAnswer): void {
  const count = heard.tokenIds.length
  expect(heard.tokenIds).toEqual(alone.tokenIds.slice(0, count))
  expect(heard.logits).toEqual(alone.logits.slice(0, count))
  expect(alone.text.startsWith(heard.text)).toBe(true)
}

/** Answers of one sequence after the other, in slices of the usual size and without guesses. */
async function answerAlone(file: Blob, requests: GenerateRequest[]): Promise<RecordedAnswer[]> {
  const { model } = await loadInNode(file)
  const alone: RecordedAnswer[] = []
  for (const request of requests) {
    alone.push(await recordAnswer({ ...model, steps: undefined }, model.openSequence(), request))
  }
  return alone
}

test.each([
  { family: 'llama', seed: 7, joins: 2500, slices: 'usual' },
  { family: 'llama', seed: 19, joins: 800, slices: 'random' },
  { family: 'gemma3', seed: 31, joins: 800, slices: 'random' },
] as const)(
  '$family answers are the same bits as alone, whoever joins, leaves, cancels and guesses beside them (seed $seed, $slices slices)',
  async ({ family, seed, joins, slices }) => {
    const draw = createDraw(seed)
    const countDowns = new Set<() => void>()
    const file = new Blob([files[family]()])
    const { model } = await loadInNode(file, {
      ...(slices === 'random' ? { sliceTokens: 1 + draw(64) } : {}),
      onStep: () => countDowns.forEach((countDown) => countDown()),
    })
    const requests = Array.from({ length: requestKinds }, () => drawRequest(draw))
    const alone = await answerAlone(file, requests)
    /** Guesses in any company, so that steps of so many rows meet ends of prompts that are as long. */
    const guessing = (rows: number): LanguageModel => ({
      ...model,
      steps: { alone: true, cost: (wanted) => (wanted > rows ? 99 : 1) },
    })

    const pool = createSequencePool(model)
    const ends = { whole: 0, left: 0, cancelled: 0 }
    let reused = 0
    const join = async (kind: number) => {
      const cancel = new AbortController()
      const { signal } = cancel
      let untilCancel = draw(5) === 0 ? draw(20) : Infinity
      const countDown = () => untilCancel-- === 0 && cancel.abort()
      countDowns.add(countDown)
      const leaveAfter = draw(5) === 0 ? draw(8) : Infinity
      const isSlow = draw(6) === 0
      const request = requests[kind]!
      const sequence = await pool.borrow(request.promptIds, signal)
      if (sequence.length > 0) reused++
      const heard = await recordAnswer(draw(2) === 0 ? guessing(2 + draw(7)) : model, sequence, request, {
        signal,
        leaveAfter,
        onToken: async () => {
          for (let pauses = isSlow ? draw(4) : 0; pauses > 0; pauses--) await nextTask()
        },
      })
      pool.giveBack(sequence)
      countDowns.delete(countDown)
      expectBeginning(heard, alone[kind]!)
      if (heard.finishReason === 'left') ends.left++
      else if (heard.finishReason === 'cancelled') ends.cancelled++
      else {
        ends.whole++
        expect(heard).toEqual(alone[kind])
      }
    }

    const active = new Set<Promise<void>>()
    for (let joined = 0; joined < joins; joined++) {
      const answer = join(draw(requestKinds))
      const tracked = answer.finally(() => active.delete(tracked))
      active.add(tracked)
      const limit = 1 + draw(mostAtOnce)
      while (active.size >= limit) await Promise.race(active)
      for (let pauses = draw(3); pauses > 0; pauses--) await nextTask()
    }
    await Promise.all(active)
    expect(Math.min(ends.whole, reused)).toBeGreaterThan(joins / 2)
    expect(Math.min(ends.left, ends.cancelled)).toBeGreaterThan(joins / 20)
  },
  180_000,
)
