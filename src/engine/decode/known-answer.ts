import type { KnownAnswer } from '../../domain/model.ts'
import { EngineError } from '../../errors/index.ts'
import { readLogProb } from './log-probability.ts'
import type { LanguageModel, Sequence } from './sequence.ts'
import { isNotFinite } from './slices.ts'

/**
 * Runs a model's fixed prompt and compares with what the reference says of its own answer.
 *
 * @throws EngineError `engine/known-answer-failed` with the mean difference in nats
 */
export async function runKnownAnswer(
  model: LanguageModel,
  sequence: Sequence,
  answer: KnownAnswer,
  signal?: AbortSignal,
): Promise<void> {
  const input = [...answer.promptIds, ...answer.tokenIds.slice(0, -1)]
  const differences: number[] = []
  const compare = (logits: Float32Array, position: number) => {
    const index = position + 1 - answer.promptIds.length
    const logProb = readLogProb(logits, answer.tokenIds[index]!)
    differences.push(Math.abs(logProb - answer.logProbs[index]!))
  }
  await sequence.append(input, answer.promptIds.length - 1, compare, signal).catch((error: unknown) => {
    if (!isNotFinite(error)) throw error
    differences.push(Number.NaN)
  })
  const meanNats = differences.reduce((sum, value) => sum + value, 0) / differences.length
  if (meanNats <= answer.toleranceNats) return
  throw new EngineError('engine/known-answer-failed', 'This machine computes the model wrongly.', {
    details: `Mean difference ${meanNats} nats, allowed ${answer.toleranceNats}.`,
  })
}
