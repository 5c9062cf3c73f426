import { BPE, Tokenizer } from '@huggingface/tokenizers'
import { EngineError } from '../../errors/index.ts'
import type { Metadata } from '../gguf/metadata.ts'
import type { ModelText } from '../../ports/engine.ts'
import { openChatTemplate } from './chat-template.ts'
import { decodeTokens } from './text-stream.ts'
import { createTokenBytes } from './token-bytes.ts'
import { describeTokenizer, type Merge } from './tokenizer-json.ts'
import { readStartId, readVocabulary, type Vocabulary } from './vocabulary.ts'

/** Text functions that answer at once where they can. */
type TokenizerText = ModelText & { encode(text: string): number[] }

/** A model's text as files of Hugging Face describe it. */
type Described = {
  tokenizer: object
  config: object
  /** Tokens that `tokenizer` leaves out, by their ids. */
  tokens?: readonly string[]
  /** Merges that `tokenizer` leaves out, the first ones first. */
  merges?: readonly Merge[]
  vocabulary: Vocabulary
  /** What every text begins with that does not do so itself. */
  startId?: number | undefined
  readEmbeddingWidth(): number
}

/**
 * Returns the text functions of a model, built from what its GGUF file says of itself.
 *
 * @throws EngineError `engine/unsupported-model` for another kind of tokenizer, `engine/malformed-model`
 */
export function createModelText(metadata: Metadata): TokenizerText {
  const vocabulary = readVocabulary(metadata)
  return createTokenizerText({
    ...describeTokenizer(metadata, vocabulary),
    tokens: vocabulary.tokens,
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
export function createTokenizerText(described: Described): TokenizerText {
  const { vocabulary, startId } = described
  const tokenBytes = createTokenBytes(vocabulary)
  const tokenizer = openTokenizer(described)
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

function openTokenizer({ tokenizer, config, tokens = [], merges = [] }: Described): Tokenizer {
  try {
    const opened = new Tokenizer(tokenizer, config)
    if (opened.model instanceof BPE) {
      addTokens(opened.model, tokens)
      addMerges(opened.model, merges)
    }
    return opened
  } catch (cause) {
    throw new EngineError('engine/unsupported-model', 'Opentab cannot read tokenizers of this kind yet.', {
      details: String(cause),
      cause,
    })
  }
}

/** The library would take them as the keys of an object, which a browser is ten times as long about. */
function addTokens({ tokens_to_ids: ids }: BPE, tokens: readonly string[]): void {
  if (tokens.length === 0) return
  const named = new Map(ids)
  for (const [id, token] of tokens.entries()) ids.set(token, named.get(token) ?? id)
}

/** The library would make an array of each before it writes it as JSON, which takes twice as long. */
function addMerges({ bpe_ranks: ranks }: BPE, merges: readonly Merge[]): void {
  for (const [rank, merge] of merges.entries()) ranks.set(writePair(merge), rank)
}

/** Writes the two parts of a merge as JSON. */
function writePair(merge: Merge): string {
  return typeof merge === 'string' ? `[${JSON.stringify(merge).replace(' ', '","')}]` : JSON.stringify(merge)
}

/** At its last token a model must have summed the text up: of a chat model's states, that one tells texts apart best. */
const embeddingPrompt = (text: string) => `This text: "${text}" means in one word: "`
