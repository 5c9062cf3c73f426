import type { FileLayout, ModelText } from '../../ports/engine.ts'
import { createTokenizerText } from '../text/model-text.ts'
import { parseFolderConfig } from './folder-config.ts'
import { readFolderHead } from './folder-files.ts'
import { readFolderVocabulary } from './folder-vocabulary.ts'

/**
 * Returns the text functions of a folder, from the files before its graph. Its graph gives no states, so its texts
 * cannot be embedded.
 *
 * @throws EngineError `engine/unsupported-model`, `engine/malformed-model`
 */
export async function openFolderText(head: Blob, layout: FileLayout): Promise<ModelText> {
  const { config, tokenizer, tokenizerConfig } = await readFolderHead(head, layout)
  const vocabulary = readFolderVocabulary(tokenizer, parseFolderConfig(config).endIds)
  return createTokenizerText({ tokenizer, config: tokenizerConfig, vocabulary, readEmbeddingWidth: () => 0 })
}
