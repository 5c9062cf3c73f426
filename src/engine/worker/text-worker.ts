import type { ModelId } from '../../domain/model.ts'
import { EngineError } from '../../errors/index.ts'
import type { FileLayout, ModelText } from '../../ports/engine.ts'
import { checkModel } from '../check-model.ts'
import { isFolder } from '../folder/folder-files.ts'
import { openFolderText } from '../folder/folder-text.ts'
import { readGgufMetadata } from '../gguf/read-gguf.ts'
import { createModelText } from '../text/model-text.ts'
import { createRecentTexts } from './recent-texts.ts'
import { serveCalls } from './serve-calls.ts'
import type { TextCalls } from './text-calls.ts'

/** A tokenizer takes tens of megabytes; whoever asks later has its model's opened again. */
const texts = createRecentTexts<ModelId, ModelText>(8)

serveCalls<TextCalls>(self, {
  check: ({ head, layout }) => checkModel(head, layout),
  async open({ modelId, head, layout }) {
    const { embeddingWidth } = await texts.open(modelId, () => openText(head, layout))
    return { embeddingWidth }
  },
  encodeForEmbedding: async ({ modelId, text }) => (await findText(modelId)).encodeForEmbedding(text),
  encodeChat: async ({ modelId, messages }) => (await findText(modelId)).encodeChat(messages),
  decode: async ({ modelId, tokenIds }) => (await findText(modelId)).decode(tokenIds),
})

function openText(head: Blob, layout: FileLayout): Promise<ModelText> {
  return isFolder(layout) ? openFolderText(head, layout) : readGgufMetadata(head).then(createModelText)
}

function findText(modelId: ModelId): Promise<ModelText> {
  const text = texts.find(modelId)
  if (text) return text
  throw new EngineError('engine/not-loaded', 'The text of this model is not open.')
}
