import { EngineError } from '../../errors/index.ts'
import type { LanguageModel } from './sequence.ts'

/**
 * Refuses tokens that the model cannot take.
 *
 * @throws EngineError `engine/context-exceeded`, `engine/invalid-settings`
 */
export function checkTokens(model: LanguageModel, tokenIds: readonly number[]): void {
  if (tokenIds.length === 0) throw new EngineError('engine/invalid-settings', 'The prompt is empty.')
  checkLength(model, tokenIds.length)
  const wrong = tokenIds.find((id) => !isToken(model, id))
  if (wrong !== undefined) throw new EngineError('engine/invalid-settings', `No token has the id ${wrong}.`)
}

/** @throws EngineError `engine/context-exceeded` */
export function checkLength({ contextTokens }: LanguageModel, length: number): void {
  if (length <= contextTokens) return
  const shortMessage = `The text has ${length} tokens; the model takes ${contextTokens}.`
  throw new EngineError('engine/context-exceeded', shortMessage)
}

export function isToken({ vocabularySize }: LanguageModel, id: number): boolean {
  return Number.isInteger(id) && id >= 0 && id < vocabularySize
}
