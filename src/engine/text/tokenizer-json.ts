import { EngineError } from '../../errors/index.ts'
import type { Metadata } from '../gguf/metadata.ts'
import type { Vocabulary } from './vocabulary.ts'

const byteLevel = { type: 'ByteLevel', add_prefix_space: false, trim_offsets: true, use_regex: true }
/** Digits one by one, of every script. */
const singleDigits = { type: 'Split', pattern: { Regex: '\\p{N}' }, behavior: 'Isolated', invert: false }

/** How text is cut before the merges, by the name that GGUF files give it. */
const preTokenizers: Record<string, object> = {
  'gpt-2': byteLevel,
  smollm: { type: 'Sequence', pretokenizers: [singleDigits, byteLevel] },
}

/** Returns what a Hugging Face `tokenizer.json` and its configuration would hold. */
export function buildTokenizer(metadata: Metadata, vocabulary: Vocabulary) {
  const { tokens, controlIds, userDefinedIds } = vocabulary
  const added = (special: boolean) => (id: number) => ({
    id,
    content: tokens[id],
    special,
    single_word: false,
    lstrip: false,
    rstrip: false,
    normalized: false,
  })
  const tokenizer = {
    version: '1.0',
    truncation: null,
    padding: null,
    added_tokens: [...controlIds.map(added(true)), ...userDefinedIds.map(added(false))],
    normalizer: null,
    pre_tokenizer: findPreTokenizer(metadata),
    post_processor: null,
    decoder: byteLevel,
    model: {
      type: 'BPE',
      dropout: null,
      unk_token: null,
      continuing_subword_prefix: null,
      end_of_word_suffix: null,
      fuse_unk: false,
      byte_fallback: false,
      vocab: Object.fromEntries(tokens.map((token, id) => [token, id])),
      merges: metadata.strings('tokenizer.ggml.merges'),
    },
  }
  const nameToken = (key: string) => (metadata.has(key) ? tokens[metadata.number(key)] : undefined)
  const config = {
    tokenizer_class: 'PreTrainedTokenizer',
    bos_token: nameToken('tokenizer.ggml.bos_token_id'),
    eos_token: nameToken('tokenizer.ggml.eos_token_id'),
    unk_token: nameToken('tokenizer.ggml.unknown_token_id'),
    chat_template: metadata.string('tokenizer.chat_template'),
    clean_up_tokenization_spaces: false,
  }
  return { tokenizer, config }
}

function findPreTokenizer(metadata: Metadata): object {
  const name = metadata.string('tokenizer.ggml.pre')
  const found = Object.hasOwn(preTokenizers, name) ? preTokenizers[name] : undefined
  if (found) return found
  throw new EngineError('engine/unsupported-model', `Opentab cannot cut text as ${name} does yet.`, {
    details: `Known are ${Object.keys(preTokenizers).join(', ')}.`,
  })
}
