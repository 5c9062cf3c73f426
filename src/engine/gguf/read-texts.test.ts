import { expect, test } from 'vitest'
import { readTexts } from './read-texts.ts'

const utf8 = new TextEncoder()

/** Puts lengths of eight bytes between texts, as a file does. */
function lay(texts: readonly Uint8Array[]) {
  const starts = new Float64Array(texts.length)
  const ends = new Float64Array(texts.length)
  const bytes: number[] = []
  for (const [index, text] of texts.entries()) {
    starts[index] = bytes.push(text.length, 0, 0, 0, 0, 0, 0, 0)
    ends[index] = bytes.push(...text)
  }
  return { bytes: Uint8Array.from(bytes), starts, ends }
}

function read(texts: readonly Uint8Array[]): string[] | null {
  const { bytes, starts, ends } = lay(texts)
  return readTexts(bytes, starts, ends)
}

test.each([
  ['none', []],
  ['empty ones', ['', '', '']],
  ['characters of one byte to four', ['the', 'Ġthe', '▁the', '🙂', '', 'ÿ߿\u0000', '👩‍💻!']],
  ['a byte order mark', ['\ufeff', '\ufeffx', 'x']],
])('%s are read', (_name, texts) => {
  expect(read(texts.map((text) => utf8.encode(text)))).toEqual(texts)
})

test.each([
  ['a character that is cut off', [[0x41, 0xc4]]],
  ['a character that goes on in the next text', [[0xc4], [0xa0, 0x41]]],
  ['a second byte alone', [[0x41], [0x80]]],
  ['a character of two bytes that one would spell', [[0xc1, 0xbf]]],
  ['half of a surrogate pair', [[0xed, 0xa0, 0x80]]],
])('%s is left to a decoder that forgives', (_name, texts) => {
  expect(read(texts.map((text) => Uint8Array.from(text)))).toBeNull()
})

test('whatever is read of any two bytes between others is what a decoder reads', () => {
  const decoder = new TextDecoder('utf-8', { ignoreBOM: true })
  for (let pair = 0; pair < 2 ** 16; pair++) {
    const texts = [[0x41], [pair >> 8], [pair & 0xff, 0x42]].map((text) => Uint8Array.from(text))
    const found = read(texts)
    if (found && String(found) !== String(texts.map((text) => decoder.decode(text)))) expect.fail(`${pair}`)
  }
})
