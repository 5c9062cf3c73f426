import { PreTrainedTokenizer } from '@huggingface/transformers'
import { EngineError } from '../../errors/index.ts'
import type { Metadata } from '../gguf/metadata.ts'
import type { ModelText } from '../../ports/engine.ts'
import { decodeTokens } from './text-stream.ts'
import { createTokenBytes } from './token-bytes.ts'
import { buildTokenizer } from './tokenizer-json.ts'
import { readStartId, readVocabulary, type Vocabulary } from './vocabulary.ts'

/** Text functions that answer at once where they can. */
type TokenizerText = ModelText & { encode(text: string): number[] }

/**
 * Returns the text functions of a model, built from what its GGUF file says of itself.
 *
 * @throws EngineError `engine/unsupported-model` for another kind of tokenizer, `engine/malformed-model`
 */
export function createModelText(metadata: Metadata): TokenizerText {
  const vocabulary = readVocabulary(metadata)
  return createTokenizerText({
    ...buildTokenizer(metadata, vocabulary),
    vocabulary,
    startId: readStartId(metadata, vocabulary),
    readEmbeddingWidth: () => metadata.number(`${metadata.string('general.architecture')}.embedding_length`),
  })
}

/** Returns the text functions that a `tokenizer.json` and its configuration describe. */
export function createTokenizerText(described: {
  tokenizer: object
  config: object
  vocabulary: Vocabulary
  /** What every text begins with that does not do so itself. */
  startId?: number | undefined
  readEmbeddingWidth(): number
}): TokenizerText {
  const { vocabulary, startId } = described
  const tokenBytes = createTokenBytes(vocabulary)
  const tokenizer = new PreTrainedTokenizer(described.tokenizer, described.config)
  const encode = (text: string) => tokenizer.encode(text, { add_special_tokens: false })
  const begin = (ids: number[]) => (startId === undefined || ids[0] === startId ? ids : [startId, ...ids])
  return {
    get embeddingWidth() {
      return described.readEmbeddingWidth()
    },
    encode,
    encodeForEmbedding: async (text) => begin(encode(embeddingPrompt(text))),
    async encodeChat(messages) {
      const chat = tokenizer.apply_chat_template(messages, { add_generation_prompt: true, tokenize: false })
      if (typeof chat === 'string') return begin(encode(chat))
      throw new EngineError('engine/malformed-model', 'The chat template gives no text.')
    },
    async decode(tokenIds) {
      return decodeTokens(tokenIds, tokenBytes)
    },
  }
}

/** At its last token a model must have summed the text up: of a chat model's states, that one tells texts apart best. */
const embeddingPrompt = (text: string) => `This text: "${text}" means in one word: "`
