import type { ModelId } from '../../domain/model.ts'
import { EngineError } from '../../errors/index.ts'
import type { FileLayout, ModelText } from '../../ports/engine.ts'
import { checkModel } from '../check-model.ts'
import { isFolder } from '../folder/folder-files.ts'
import { openFolderText } from '../folder/folder-text.ts'
import { readGgufMetadata } from '../gguf/read-gguf.ts'
import { createModelText } from '../text/model-text.ts'
import { serveCalls } from './serve-calls.ts'
import type { TextCalls } from './text-calls.ts'

const texts = new Map<ModelId, ModelText>()

serveCalls<TextCalls>(self, {
  check: ({ head, layout }) => checkModel(head, layout),
  async open({ modelId, head, layout }) {
    if (!texts.has(modelId)) texts.set(modelId, await openText(head, layout))
    return { embeddingWidth: findText(modelId).embeddingWidth }
  },
  encodeForEmbedding: async ({ modelId, text }) => findText(modelId).encodeForEmbedding(text),
  encodeChat: async ({ modelId, messages }) => findText(modelId).encodeChat(messages),
  decode: async ({ modelId, tokenIds }) => findText(modelId).decode(tokenIds),
})

function openText(head: Blob, layout: FileLayout): Promise<ModelText> {
  return isFolder(layout) ? openFolderText(head, layout) : readGgufMetadata(head).then(createModelText)
}

function findText(modelId: ModelId): ModelText {
  const text = texts.get(modelId)
  if (text) return text
  throw new EngineError('engine/not-loaded', 'The text of this model is not open.')
}
