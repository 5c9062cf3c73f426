import type { Metadata } from '../gguf/metadata.ts'
import { describeByteLevel } from './byte-level-json.ts'
import { describeSentencePiece } from './sentencepiece-json.ts'
import { writtenText } from './token-bytes.ts'
import type { Vocabulary } from './vocabulary.ts'

/** Two parts that are merged into one, the parts with a space between them, or each by itself. */
export type Merge = string | [left: string, right: string]

const templateKey = 'tokenizer.chat_template'
const unknownKey = 'tokenizer.ggml.unknown_token_id'

/**
 * Returns what a Hugging Face `tokenizer.json` and its configuration would hold.
 *
 * @throws EngineError `engine/unsupported-model` naming a way to cut text, `engine/malformed-model`
 */
export function buildTokenizer(metadata: Metadata, vocabulary: Vocabulary) {
  const { tokenizer, config, merges } = describeTokenizer(metadata, vocabulary)
  const vocab = Object.fromEntries(vocabulary.tokens.map((token, id) => [token, id]))
  return { tokenizer: { ...tokenizer, model: { ...tokenizer.model, vocab, merges } }, config }
}

/**
 * Returns the same without the vocabulary, of which only the unknown token is there, and with the merges beside it.
 *
 * @throws EngineError `engine/unsupported-model` naming a way to cut text, `engine/malformed-model`
 */
export function describeTokenizer(metadata: Metadata, vocabulary: Vocabulary) {
  const { kind, tokens, controlIds, userDefinedIds } = vocabulary
  const added = (special: boolean) => (id: number) => ({
    id,
    content: special ? tokens[id] : writtenText(kind, tokens[id]!),
    special,
    single_word: false,
    lstrip: false,
    rstrip: false,
    normalized: false,
  })
  const idOf = (key: string) => (metadata.has(key) ? metadata.number(key) : undefined)
  const nameToken = (key: string) => tokens[idOf(key) ?? -1]
  const unknown = kind === 'sentencepiece' ? nameToken(unknownKey) : undefined
  const describe = kind === 'sentencepiece' ? describeSentencePiece : describeByteLevel
  const { merges, keepsTokens, ...steps } = describe(metadata, vocabulary)
  const tokenizer = {
    version: '1.0',
    truncation: null,
    padding: null,
    added_tokens: [...controlIds.map(added(true)), ...userDefinedIds.map(added(false))],
    post_processor: null,
    ...steps,
    model: {
      type: 'BPE',
      dropout: null,
      unk_token: unknown ?? null,
      continuing_subword_prefix: null,
      end_of_word_suffix: null,
      fuse_unk: false,
      byte_fallback: kind === 'sentencepiece',
      ignore_merges: keepsTokens,
      vocab: unknown === undefined ? {} : { [unknown]: idOf(unknownKey)! },
      merges: [],
    },
  }
  const config = {
    tokenizer_class: 'PreTrainedTokenizer',
    bos_token: nameToken('tokenizer.ggml.bos_token_id'),
    eos_token: nameToken('tokenizer.ggml.eos_token_id'),
    unk_token: nameToken(unknownKey),
    chat_template: metadata.has(templateKey) ? metadata.string(templateKey) : null,
    clean_up_tokenization_spaces: false,
  }
  return { tokenizer, config, merges }
}
