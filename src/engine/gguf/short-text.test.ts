import { expect, test } from 'vitest'
import { readShortText } from './short-text.ts'

const read = (bytes: Uint8Array) => readShortText(bytes, 0, bytes.length)
const decoder = new TextDecoder()

test.each(['', 'the', 'Ġthe', 'ÿ߿', '\u0000'])('%j is read', (text) => {
  expect(read(new TextEncoder().encode(text))).toBe(text)
})

test('only the bytes between the bounds count', () => {
  expect(readShortText(new TextEncoder().encode('before'), 2, 4)).toBe('fo')
})

test.each([
  ['a character of three bytes', [0xe2, 0x82, 0xac]],
  ['a character of two bytes that one would spell', [0xc1, 0xbf]],
  ['a character that is cut off', [0x41, 0xc4]],
  ['a lead byte without its other', [0xc4, 0x41]],
  ['a second byte alone', [0x80]],
])('%s is left to a decoder', (_name, bytes) => {
  expect(read(Uint8Array.from(bytes))).toBeNull()
})

test('whatever is read is what a decoder reads', () => {
  for (let pair = 0; pair < 2 ** 16; pair++) {
    const bytes = Uint8Array.of(pair >> 8, pair & 0xff, 0x41)
    const text = read(bytes)
    if (text !== null && text !== decoder.decode(bytes)) expect.fail(`${bytes}`)
  }
})
