import { PreTrainedTokenizer } from '@huggingface/transformers'
import { EngineError } from '../../errors/index.ts'
import type { Metadata } from '../gguf/metadata.ts'
import type { ModelText } from '../../ports/engine.ts'
import { decodeTokens } from './text-stream.ts'
import { createTokenBytes } from './token-bytes.ts'
import { buildTokenizer } from './tokenizer-json.ts'
import { readVocabulary, type Vocabulary } from './vocabulary.ts'

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
    readEmbeddingWidth: () => metadata.number(`${metadata.string('general.architecture')}.embedding_length`),
  })
}

/** Returns the text functions that a `tokenizer.json` and its configuration describe. */
export function createTokenizerText(described: {
  tokenizer: object
  config: object
  vocabulary: Vocabulary
  readEmbeddingWidth(): number
}): TokenizerText {
  const { vocabulary } = described
  const tokenBytes = createTokenBytes(vocabulary)
  const tokenizer = new PreTrainedTokenizer(described.tokenizer, described.config)
  const encode = (text: string) => tokenizer.encode(text, { add_special_tokens: false })
  return {
    get embeddingWidth() {
      return described.readEmbeddingWidth()
    },
    encode,
    encodeForEmbedding: async (text) => encode(embeddingPrompt(text)),
    async encodeChat(messages) {
      const chat = tokenizer.apply_chat_template(messages, { add_generation_prompt: true, tokenize: false })
      if (typeof chat === 'string') return encode(chat)
      throw new EngineError('engine/malformed-model', 'The chat template gives no text.')
    },
    async decode(tokenIds) {
      return decodeTokens(tokenIds, tokenBytes)
    },
  }
}

/** At its last token a model must have summed the text up: of a chat model's states, that one tells texts apart best. */
const embeddingPrompt = (text: string) => `This text: "${text}" means in one word: "`
