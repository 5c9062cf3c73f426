import type { FileLayout } from '../ports/engine.ts'
import { isFolder } from './folder/folder-files.ts'
import { openFolderText } from './folder/folder-text.ts'
import { readGgufHead } from './gguf/read-gguf.ts'
import { readModelConfig } from './graph/read-model-config.ts'
import { openChatTemplate } from './text/chat-template.ts'
import { describeTokenizer } from './text/tokenizer-json.ts'
import { readVocabulary } from './text/vocabulary.ts'

/**
 * Makes sure that a model can be run. Its beginning is enough, up to the weights; a folder's graph is checked when it is
 * compiled.
 *
 * @throws EngineError `engine/unsupported-model` naming the family, setting, tensor, type, tokenizer or
 *   chat template;
 *   `engine/malformed-model`, also for a head cut short
 */
export async function checkModel(head: Blob, layout?: FileLayout): Promise<void> {
  if (isFolder(layout)) {
    await openFolderText(head, layout)
    return
  }
  const gguf = await readGgufHead(head)
  readModelConfig(gguf)
  openChatTemplate(describeTokenizer(gguf.metadata, readVocabulary(gguf.metadata)).config)
}
