import { readGgufHead } from './gguf/read-gguf.ts'
import { readModelConfig } from './graph/model-config.ts'
import { buildTokenizer } from './text/tokenizer-json.ts'
import { readVocabulary } from './text/vocabulary.ts'

/**
 * Makes sure that a model can be run. The beginning of its file is enough, up to the weights.
 *
 * @throws EngineError `engine/unsupported-model` naming the family, setting, tensor, type or tokenizer;
 *   `engine/malformed-model`, also for a head cut short
 */
export async function checkModel(head: Blob): Promise<void> {
  const gguf = await readGgufHead(head)
  readModelConfig(gguf)
  buildTokenizer(gguf.metadata, readVocabulary(gguf.metadata))
}
