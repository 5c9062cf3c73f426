import { EngineError } from '../../errors/index.ts'
import type { LanguageModel } from './sequence.ts'

/**
 * Refuses tokens that the model cannot take.
 *
 * @throws EngineError `engine/context-exceeded`, `engine/invalid-settings`
 */
export function checkTokens(model: LanguageModel, tokenIds: readonly number[]): void {
  if (tokenIds.length === 0) throw new EngineError('engine/invalid-settings', 'The prompt is empty.')
  if (tokenIds.length > model.contextTokens) {
    const shortMessage = `The text has ${tokenIds.length} tokens; the model takes ${model.contextTokens}.`
    throw new EngineError('engine/context-exceeded', shortMessage)
  }
  const wrong = tokenIds.find((id) => !Number.isInteger(id) || id < 0 || id >= model.vocabularySize)
  if (wrong !== undefined) throw new EngineError('engine/invalid-settings', `No token has the id ${wrong}.`)
}
