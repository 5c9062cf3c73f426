import type { KnownAnswer } from '../../domain/model.ts'
import type { ObservedModel } from './observe-model.ts'

const question = 'Name the three primary colours, and say what each pair of them makes.'
const answerTokens = 24
/** Right engines stay well below this mean difference, wrong ones come to whole nats. */
const toleranceNats = 0.3

/**
 * Returns a model's own greedy answer to a fixed question as its self-test.
 *
 * @throws EngineError `engine/unsupported-model` for a chat template that cannot be run
 */
export async function measureKnownAnswer(
  model: Pick<ObservedModel, 'text' | 'answer'>,
  signal?: AbortSignal,
): Promise<KnownAnswer> {
  const promptIds = await model.text.encodeChat([{ role: 'user', content: question }])
  const tokenIds: number[] = []
  const logProbs: number[] = []
  for await (const { tokenId, logProb } of model.answer(promptIds, answerTokens, signal)) {
    tokenIds.push(tokenId)
    logProbs.push(rounded(logProb))
  }
  return { promptIds, tokenIds, logProbs, toleranceNats }
}

/** To a millionth; never above zero, and never the zero that has a sign. */
function rounded(logProb: number): number {
  return Math.min(0, Math.round(logProb * 1e6) / 1e6) || 0
}
