import { EngineError } from '../../errors/index.ts'
import type { Metadata } from '../gguf/metadata.ts'

/** Kinds of tokens, by ggml's numbers. */
const tokenTypes = { normal: 1, control: 3, userDefined: 4, byte: 6 }

/** How tokens are written: each byte as a letter, or as text with ▁ for a space. */
export type VocabularyKind = 'byte-level' | 'sentencepiece'

const kinds: Record<string, VocabularyKind> = { gpt2: 'byte-level', llama: 'sentencepiece' }

/** Tokens that end an answer in every family that has them; not every file names them all. */
const endTexts = new Set([
  '<|im_end|>',
  '<|endoftext|>',
  '<end_of_turn>',
  '<|eot_id|>',
  '<|eom_id|>',
  '<|end_of_text|>',
])

/** Ways to cut text whose models expect a mark before it, where their file does not say. */
const startedCuts = new Set(['llama-bpe'])

/** The tokens of a model. */
export type Vocabulary = {
  kind: VocabularyKind
  /** All tokens; most need only one or the other. */
  readonly tokens: readonly string[]
  token(id: number): string | undefined
  /** Tokens that other text is merged into. */
  normalIds: readonly number[]
  /** Marks such as the end of a message; they stand for no text. */
  controlIds: readonly number[]
  /** Tokens that stand for their own letters instead of encoded bytes. */
  userDefinedIds: readonly number[]
  /** Tokens of single bytes, written such as `<0x0A>`. */
  byteIds: readonly number[]
  endIds: ReadonlySet<number>
}

/** @throws EngineError `engine/unsupported-model` naming another kind of tokenizer, `engine/malformed-model` */
export function readVocabulary(metadata: Metadata): Vocabulary {
  const texts = metadata.texts('tokenizer.ggml.tokens')
  const types = metadata.numbers('tokenizer.ggml.token_type')
  if (types.length !== texts.count) {
    throw new EngineError('engine/malformed-model', 'The model file has not one type for each token.')
  }
  const idsOf = groupByType(types)
  const controlIds = idsOf(tokenTypes.control)
  const userDefinedIds = idsOf(tokenTypes.userDefined)
  const endKeys = ['tokenizer.ggml.eos_token_id', 'tokenizer.ggml.eot_token_id']
  const namedEnds = endKeys.filter((key) => metadata.has(key)).map((key) => metadata.number(key))
  const knownEnds = [...controlIds, ...userDefinedIds].filter((id) => endTexts.has(texts.at(id) ?? ''))
  return {
    kind: readKind(metadata),
    get tokens() {
      return texts.all()
    },
    token: (id) => texts.at(id),
    normalIds: idsOf(tokenTypes.normal),
    controlIds,
    userDefinedIds,
    byteIds: idsOf(tokenTypes.byte),
    endIds: new Set([...namedEnds, ...knownEnds]),
  }
}

/** Returns the mark that a text begins with; undefined where it has none. */
export function readStartId(metadata: Metadata, { kind, token }: Vocabulary): number | undefined {
  const [wantedKey, idKey] = ['tokenizer.ggml.add_bos_token', 'tokenizer.ggml.bos_token_id']
  const isUsual = kind === 'sentencepiece' || startedCuts.has(metadata.string('tokenizer.ggml.pre'))
  const isWanted = metadata.has(wantedKey) ? metadata.boolean(wantedKey) : isUsual
  const id = isWanted && metadata.has(idKey) ? metadata.number(idKey) : undefined
  if (id === undefined || token(id) !== undefined) return id
  throw new EngineError('engine/malformed-model', `The model file has no token ${id} to begin with.`)
}

function groupByType(types: readonly number[]): (type: number) => readonly number[] {
  const groups = new Map<number, number[]>()
  for (let id = 0; id < types.length; id++) {
    const ids = groups.get(types[id]!)
    if (ids) ids.push(id)
    else groups.set(types[id]!, [id])
  }
  return (type) => groups.get(type) ?? []
}

function readKind(metadata: Metadata): VocabularyKind {
  const name = metadata.string('tokenizer.ggml.model')
  const kind = Object.hasOwn(kinds, name) ? kinds[name] : undefined
  if (kind) return kind
  throw new EngineError('engine/unsupported-model', `Opentab cannot read tokenizers of the kind ${name} yet.`)
}
