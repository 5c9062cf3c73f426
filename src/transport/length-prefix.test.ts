import fc from 'fast-check'
import { expect, test } from 'vitest'
import { FrameDecoder, prefixLength } from './length-prefix.ts'

function decodeAll(decoder: FrameDecoder): Uint8Array[] {
  const frames: Uint8Array[] = []
  for (let frame = decoder.take(); frame; frame = decoder.take()) frames.push(frame)
  return frames
}

function join(parts: Uint8Array[]): Uint8Array {
  return Uint8Array.from(parts.flatMap((part) => [...part]))
}

test('frames come out as they went in, however the bytes are cut', () => {
  fc.assert(
    fc.property(
      fc.array(fc.uint8Array({ maxLength: 300 }), { maxLength: 6 }),
      fc.array(fc.nat(400), { maxLength: 6 }),
      (frames, cuts) => {
        const bytes = join(frames.map(prefixLength))
        const decoder = new FrameDecoder(300)
        const decoded: Uint8Array[] = []
        let start = 0
        for (const end of [...cuts.sort((a, b) => a - b), bytes.length]) {
          decoder.append(bytes.subarray(start, Math.max(start, end)))
          start = Math.max(start, end)
          decoded.push(...decodeAll(decoder))
        }
        expect(decoded.map((frame) => [...frame])).toEqual(frames.map((frame) => [...frame]))
        expect(decoder.incomplete).toBe(false)
      },
    ),
  )
})

test('the prefix is an unsigned varint', () => {
  expect([...prefixLength(new Uint8Array(0))]).toEqual([0])
  expect([...prefixLength(new Uint8Array(300)).subarray(0, 2)]).toEqual([0xac, 0x02])
})

test('a frame over the limit is refused before its bytes are there', () => {
  const decoder = new FrameDecoder(100)
  decoder.append(Uint8Array.of(101))
  expect(() => decoder.take()).toThrow(expect.objectContaining({ code: 'protocol/too-large' }))
})

test.each([
  ['a length with no end', Uint8Array.from({ length: 5 }, () => 0x80)],
  ['a length beyond all numbers', Uint8Array.from({ length: 64 }, () => 0xff)],
])('%s is refused', (_, bytes) => {
  const decoder = new FrameDecoder(1 << 20)
  decoder.append(bytes)
  expect(() => decoder.take()).toThrow(expect.objectContaining({ code: 'protocol/too-large' }))
})

test('half a frame is not one', () => {
  const decoder = new FrameDecoder(100)
  decoder.append(Uint8Array.of(3, 1, 2))
  expect(decoder.take()).toBeNull()
  expect(decoder.incomplete).toBe(true)
  decoder.append(Uint8Array.of(3))
  expect([...(decoder.take() ?? [])]).toEqual([1, 2, 3])
})
