import type { TokenBytes } from './text-stream.ts'
import type { Vocabulary, VocabularyKind } from './vocabulary.ts'

/** Returns the bytes that each token stands for. */
export function createTokenBytes(vocabulary: Vocabulary): TokenBytes {
  const { kind } = vocabulary
  const control = new Set(vocabulary.controlIds)
  const literal = new Set(vocabulary.userDefinedIds)
  const single = new Set(vocabulary.byteIds)
  return (tokenId) => {
    const token = vocabulary.token(tokenId)
    if (token === undefined || control.has(tokenId)) return new Uint8Array()
    if (single.has(tokenId)) return Uint8Array.of(Number.parseInt(token.slice(3, -1), 16))
    if (literal.has(tokenId)) return utf8.encode(writtenText(kind, token))
    return kind === 'byte-level'
      ? Uint8Array.from(token, (letter) => byteOfLetter.get(letter) ?? 0xff)
      : utf8.encode(writtenText(kind, token))
  }
}

/** The text of a token that is written as text. */
export function writtenText(kind: VocabularyKind, token: string): string {
  return kind === 'sentencepiece' ? token.replaceAll(spaceMark, ' ') : token
}

/** What SentencePiece writes for a space. */
export const spaceMark = '▁'

/** Byte-level BPE writes each byte as a printable letter: itself, or one from 256 on where it has none. */
export const letterOfByte: readonly string[] = listLetters()
const byteOfLetter = new Map(letterOfByte.map((letter, byte) => [letter, byte]))
const utf8 = new TextEncoder()

function listLetters(): string[] {
  const isPrintable = (byte: number) =>
    (byte >= 0x21 && byte <= 0x7e) || (byte >= 0xa1 && byte <= 0xac) || byte >= 0xae
  let next = 256
  return Array.from({ length: 256 }, (_, byte) => String.fromCharCode(isPrintable(byte) ? byte : next++))
}
