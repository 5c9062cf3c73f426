import { EngineError } from '../../errors/index.ts'
import type { Metadata } from '../gguf/metadata.ts'
import type { TokenBytes } from './text-stream.ts'

/** Kinds of tokens, by ggml's numbers. */
const controlType = 3
const userDefinedType = 4

/** The tokens of a byte-level BPE vocabulary. */
export type Vocabulary = {
  tokens: readonly string[]
  /** Marks such as the end of a message; they stand for no text. */
  controlIds: readonly number[]
  /** Tokens that stand for their own letters instead of encoded bytes. */
  userDefinedIds: readonly number[]
  endIds: ReadonlySet<number>
}

/** @throws EngineError `engine/unsupported-model` naming another kind of tokenizer */
export function readVocabulary(metadata: Metadata): Vocabulary {
  const kind = metadata.string('tokenizer.ggml.model')
  if (kind !== 'gpt2') {
    throw new EngineError(
      'engine/unsupported-model',
      `Opentab cannot read tokenizers of the kind ${kind} yet.`,
    )
  }
  const types = metadata.numbers('tokenizer.ggml.token_type')
  const idsOf = (wanted: number) => types.flatMap((type, id) => (type === wanted ? [id] : []))
  const endKeys = ['tokenizer.ggml.eos_token_id', 'tokenizer.ggml.eot_token_id']
  return {
    tokens: metadata.strings('tokenizer.ggml.tokens'),
    controlIds: idsOf(controlType),
    userDefinedIds: idsOf(userDefinedType),
    endIds: new Set(endKeys.filter((key) => metadata.has(key)).map((key) => metadata.number(key))),
  }
}

/** Returns the bytes that each token stands for. */
export function createTokenBytes({ tokens, controlIds, userDefinedIds }: Vocabulary): TokenBytes {
  const control = new Set(controlIds)
  const userDefined = new Set(userDefinedIds)
  const utf8 = new TextEncoder()
  return (tokenId) => {
    const token = tokens[tokenId]
    if (token === undefined || control.has(tokenId)) return new Uint8Array()
    if (userDefined.has(tokenId)) return utf8.encode(token)
    return Uint8Array.from(token, (letter) => byteOfLetter.get(letter) ?? 0xff)
  }
}

/** Byte-level BPE writes each byte as a printable letter: itself, or one from 256 on where it has none. */
export const letterOfByte: readonly string[] = listLetters()
const byteOfLetter = new Map(letterOfByte.map((letter, byte) => [letter, byte]))

function listLetters(): string[] {
  const isPrintable = (byte: number) =>
    (byte >= 0x21 && byte <= 0x7e) || (byte >= 0xa1 && byte <= 0xac) || byte >= 0xae
  let next = 256
  return Array.from({ length: 256 }, (_, byte) => String.fromCharCode(isPrintable(byte) ? byte : next++))
}
