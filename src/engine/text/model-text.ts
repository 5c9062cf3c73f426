import { Tokenizer } from '@huggingface/tokenizers'
import { EngineError } from '../../errors/index.ts'
import type { Metadata } from '../gguf/metadata.ts'
import type { ModelText } from '../../ports/engine.ts'
import { openChatTemplate } from './chat-template.ts'
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

/**
 * Returns the text functions that a `tokenizer.json` and its configuration describe.
 *
 * @throws EngineError `engine/unsupported-model`, `engine/malformed-model`
 */
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
  const tokenizer = openTokenizer(described.tokenizer, described.config)
  const writeChat = openChatTemplate(described.config)
  const encode = (text: string) => tokenizer.encode(text, { add_special_tokens: false }).ids
  const begin = (ids: number[]) => (startId === undefined || ids[0] === startId ? ids : [startId, ...ids])
  return {
    get embeddingWidth() {
      return described.readEmbeddingWidth()
    },
    encode,
    encodeForEmbedding: async (text) => begin(encode(embeddingPrompt(text))),
    encodeChat: async (messages) => begin(encode(writeChat(messages))),
    async decode(tokenIds) {
      return decodeTokens(tokenIds, tokenBytes)
    },
  }
}

function openTokenizer(tokenizer: object, config: object): Tokenizer {
  try {
    return new Tokenizer(tokenizer, config)
  } catch (cause) {
    throw new EngineError('engine/unsupported-model', 'Opentab cannot read tokenizers of this kind yet.', {
      details: String(cause),
      cause,
    })
  }
}

/** At its last token a model must have summed the text up: of a chat model's states, that one tells texts apart best. */
const embeddingPrompt = (text: string) => `This text: "${text}" means in one word: "`
