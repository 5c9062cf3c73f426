import type { ModelId } from '../../domain/model.ts'
import { EngineError } from '../../errors/index.ts'
import type { ModelText } from '../../ports/engine.ts'
import { checkModel } from '../check-model.ts'
import { readGgufMetadata } from '../gguf/read-gguf.ts'
import { createModelText } from '../text/model-text.ts'
import { serveCalls } from './serve-calls.ts'
import type { TextCalls } from './text-calls.ts'

const texts = new Map<ModelId, ModelText>()

serveCalls<TextCalls>(self, {
  check: ({ head }) => checkModel(head),
  async open({ modelId, head }) {
    if (!texts.has(modelId)) texts.set(modelId, createModelText(await readGgufMetadata(head)))
    return { embeddingWidth: findText(modelId).embeddingWidth }
  },
  encodeForEmbedding: async ({ modelId, text }) => findText(modelId).encodeForEmbedding(text),
  encodeChat: async ({ modelId, messages }) => findText(modelId).encodeChat(messages),
  decode: async ({ modelId, tokenIds }) => findText(modelId).decode(tokenIds),
})

function findText(modelId: ModelId): ModelText {
  const text = texts.get(modelId)
  if (text) return text
  throw new EngineError('engine/not-loaded', 'The text of this model is not open.')
}
