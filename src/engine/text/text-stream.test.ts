import fc from 'fast-check'
import { expect, test } from 'vitest'
import { createTextStream, decodeTokens } from './text-stream.ts'

/** A vocabulary of single bytes. */
const byteToken = (tokenId: number) => Uint8Array.of(tokenId)
const bytesOf = (text: string) => [...new TextEncoder().encode(text)]

/** Feeds text byte by byte until a stop string is found, and collects what is shown. */
function streamed(text: string, stops: string[]) {
  const stream = createTextStream(byteToken, stops)
  const shown: string[] = []
  for (const byte of bytesOf(text)) {
    const scan = stream.push(byte)
    shown.push(scan.text)
    if (scan.stopped) return { shown, stopped: true }
  }
  return { shown: [...shown, stream.end()], stopped: false }
}

const anyText = fc.string({ unit: 'grapheme', maxLength: 40 })

test('text comes out whole, and no part of it splits a character', () => {
  fc.assert(
    fc.property(anyText, (text) => {
      const { shown } = streamed(text, [])
      expect(shown.join('')).toBe(text)
      for (const part of shown) expect(part).toBe(part.toWellFormed())
    }),
  )
})

test('a stop string is never shown, not even its beginning, and nothing before it is lost', () => {
  const letters = fc.string({ unit: fc.constantFrom('a', 'b', 'c', 'é'), maxLength: 30 })
  const stop = fc.string({ unit: fc.constantFrom('a', 'b', 'c', 'é'), minLength: 1, maxLength: 4 })
  fc.assert(
    fc.property(letters, fc.array(stop, { minLength: 1, maxLength: 3 }), (text, stops) => {
      const { shown, stopped } = streamed(text, stops)
      const ends = stops
        .map((each) => text.indexOf(each) + each.length)
        .filter((end, i) => end >= stops[i]!.length)
      expect(stopped).toBe(ends.length > 0)
      const written = shown.join('')
      expect(text.startsWith(written)).toBe(true)
      for (const each of stops) expect(written).not.toContain(each)
      if (!stopped) expect(written).toBe(text)
    }),
  )
})

test('text is held back only while it may begin a stop string', () => {
  const stream = createTextStream(byteToken, ['END'])
  const shown = bytesOf('xENxEND').map((byte) => stream.push(byte).text)
  expect(shown).toEqual(['x', '', '', 'ENx', '', '', ''])
})

test('bytes of an unfinished character are dropped at the end', () => {
  expect(decodeTokens([0x61, 0xe2, 0x82], byteToken)).toBe('a')
})

test('bytes that are no text become the replacement character', () => {
  expect(decodeTokens([0x61, 0xff, 0x62], byteToken)).toBe('a\ufffdb')
})
