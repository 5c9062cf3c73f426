import { expect, test } from 'vitest'
import { loadInNode } from '../../../tests/fixtures/llama/load-in-node.ts'
import {
  answerAlone,
  createDraw,
  drawRequests,
  runSchedule,
} from '../../../tests/fixtures/llama/random-schedule.ts'
import { tinyGemma3, writeTinyModel } from '../../../tests/fixtures/families/tiny-models.ts'
import { writeTinyLlama } from '../../../tests/fixtures/llama/tiny-llama.ts'

/** A model of each kind of attention: one that sees all, and one whose windows are a second bias. */
const files = {
  llama: () => writeTinyLlama(),
  gemma3: () => writeTinyModel(tinyGemma3),
}

test.each([
  { family: 'llama', seed: 7, joins: 2500, slices: 'usual' },
  { family: 'llama', seed: 19, joins: 800, slices: 'random' },
  { family: 'gemma3', seed: 31, joins: 800, slices: 'random' },
] as const)(
  '$family answers are the same bits as alone, whoever joins, leaves, cancels and guesses beside them (seed $seed, $slices slices)',
  async ({ family, seed, joins, slices }) => {
    const draw = createDraw(seed)
    const afterStep = new Set<() => void>()
    const file = new Blob([files[family]()])
    const { model } = await loadInNode(file, {
      ...(slices === 'random' ? { sliceTokens: 1 + draw(64) } : {}),
      onStep: () => afterStep.forEach((countDown) => countDown()),
    })
    const requests = drawRequests(draw)
    // Alone in slices of the usual size.
    const alone = await answerAlone((await loadInNode(file)).model, requests)
    const { ends, reused, wrong } = await runSchedule(model, { requests, alone, joins }, draw, afterStep)
    expect(wrong).toEqual([])
    expect(Math.min(ends.whole, reused)).toBeGreaterThan(joins / 2)
    expect(Math.min(ends.left, ends.cancelled)).toBeGreaterThan(joins / 20)
  },
  180_000,
)
