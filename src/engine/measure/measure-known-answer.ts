import type { KnownAnswer } from '../../domain/model.ts'
import { EngineError } from '../../errors/index.ts'
import type { ObservedModel } from './observe-model.ts'

const question = 'Name the three primary colours, and say what each pair of them makes.'
const answerTokens = 24
/** Right engines stay well below this mean difference, wrong ones come to whole nats. */
const toleranceNats = 0.3

/** Returns a model's own greedy answer to a fixed question as its self-test. */
export async function measureKnownAnswer(
  model: Pick<ObservedModel, 'text' | 'answer'>,
  signal?: AbortSignal,
): Promise<KnownAnswer> {
  const promptIds = await encodeQuestion(model)
  const tokenIds: number[] = []
  const logProbs: number[] = []
  for await (const { tokenId, logProb } of model.answer(promptIds, answerTokens, signal)) {
    tokenIds.push(tokenId)
    logProbs.push(rounded(logProb))
  }
  return { promptIds, tokenIds, logProbs, toleranceNats }
}

/** @throws EngineError `engine/unsupported-model` for a chat template that cannot be run */
function encodeQuestion({ text }: Pick<ObservedModel, 'text'>): Promise<number[]> {
  return text.encodeChat([{ role: 'user', content: question }]).catch((cause: unknown) => {
    if (cause instanceof EngineError) throw cause
    throw new EngineError('engine/unsupported-model', "Opentab cannot run this model's chat template.", {
      cause,
    })
  })
}

/** To a millionth; never above zero, and never the zero that has a sign. */
function rounded(logProb: number): number {
  return Math.min(0, Math.round(logProb * 1e6) / 1e6) || 0
}
