import { EngineError } from '../../errors/index.ts'
import type { Metadata } from '../gguf/metadata.ts'

const byteLevel = { type: 'ByteLevel', add_prefix_space: false, trim_offsets: true, use_regex: true }
const split = (pattern: string) => ({
  type: 'Split',
  pattern: { Regex: pattern },
  behavior: 'Isolated',
  invert: false,
})

/** Words with the mark before them, so many digits, marks with the ends of lines after them, spaces. */
const splitWords = (digits: string) =>
  split(
    "(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\\r\\n\\p{L}\\p{N}]?\\p{L}+" +
      `|${digits}| ?[^\\s\\p{L}\\p{N}]+[\\r\\n]*|\\s*[\\r\\n]+|\\s+(?!\\S)|\\s+`,
  )

/** How text is cut, and whether a piece that is a token itself is left whole, whatever the merges would make of it. */
type Cut = { normalizer: object | null; pre_tokenizer: object; keepsTokens?: boolean }

/** How text is cut before the merges, by the name that GGUF files give it. */
const cuts: Record<string, Cut> = {
  'gpt-2': { normalizer: null, pre_tokenizer: byteLevel },
  // Digits one by one, of every script.
  smollm: {
    normalizer: null,
    pre_tokenizer: { type: 'Sequence', pretokenizers: [split('\\p{N}'), byteLevel] },
  },
  qwen2: {
    normalizer: { type: 'NFC' },
    pre_tokenizer: {
      type: 'Sequence',
      pretokenizers: [splitWords('\\p{N}'), { ...byteLevel, use_regex: false }],
    },
  },
  // Digits from the left, three at a time.
  'llama-bpe': {
    normalizer: null,
    pre_tokenizer: {
      type: 'Sequence',
      pretokenizers: [splitWords('\\p{N}{1,3}'), { ...byteLevel, use_regex: false }],
    },
    keepsTokens: true,
  },
}

/** Returns the steps and merges of a byte-level tokenizer. */
export function describeByteLevel(metadata: Metadata) {
  const name = metadata.string('tokenizer.ggml.pre')
  const cut = Object.hasOwn(cuts, name) ? cuts[name] : undefined
  if (cut) {
    const { keepsTokens = false, ...steps } = cut
    return {
      ...steps,
      decoder: byteLevel,
      merges: metadata.texts('tokenizer.ggml.merges').all(),
      keepsTokens,
    }
  }
  throw new EngineError('engine/unsupported-model', `Opentab cannot cut text as ${name} does yet.`, {
    details: `Known are ${Object.keys(cuts).join(', ')}.`,
  })
}
