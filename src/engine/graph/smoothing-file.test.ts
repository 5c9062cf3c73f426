import { expect, test } from 'vitest'
import { exponentOf } from './smoothing.ts'
import { parseSmoothing, writeSmoothing } from './smoothing-file.ts'

const exponents = new Map([
  ['blk.0.attn_norm', Int8Array.of(-127, -9, -8, 0, 1, 8, 127)],
  ['output_norm', Int8Array.of(3)],
])

const withHeader = (header: unknown, data: number[] = []) => {
  const json = new TextEncoder().encode(typeof header === 'string' ? header : JSON.stringify(header))
  const file = new Uint8Array([...new Uint8Array(8), ...json, ...data])
  new DataView(file.buffer).setBigUint64(0, BigInt(json.length), true)
  return file
}

test('exponents come back as powers of the eighth root of two', () => {
  const smoothing = parseSmoothing(writeSmoothing(exponents, { strength: '0.5' }))
  const scales = smoothing.scalesOf('blk.0.attn_norm', 7)!
  exponents.get('blk.0.attn_norm')!.forEach((exponent, channel) => {
    expect(Math.abs(scales[channel]! / 2 ** (exponent / 8) - 1)).toBeLessThan(1e-6)
  })
  expect([0.5, 1, 2, 0, Infinity].map(exponentOf)).toEqual([-8, 0, 8, -127, 127])
  expect(smoothing.scalesOf('blk.1.attn_norm', 7)).toBeNull()
  expect(() => smoothing.scalesOf('output_norm', 2)).toThrow(
    expect.objectContaining({ code: 'engine/malformed-model' }),
  )
})

test.each([
  ['no header', new Uint8Array(3)],
  ['a header longer than the file', writeSmoothing(exponents, {}).slice(0, 40)],
  ['no JSON', withHeader('{')],
  ['no object', withHeader('7')],
  ['another type', withHeader({ a: { dtype: 'F32', shape: [1], data_offsets: [0, 4] } }, [0, 0, 0, 0])],
  ['a matrix', withHeader({ a: { dtype: 'I8', shape: [1, 1], data_offsets: [0, 1] } }, [0])],
  ['another length', withHeader({ a: { dtype: 'I8', shape: [2], data_offsets: [0, 1] } }, [0])],
  ['data past the end', withHeader({ a: { dtype: 'I8', shape: [2], data_offsets: [0, 2] } }, [0])],
  ['fractions', withHeader({ a: { dtype: 'I8', shape: [1], data_offsets: [0.5, 1.5] } }, [0, 0])],
  ['nothing where a tensor should be', withHeader({ a: null })],
])('a file with %s is refused', (_name, file) => {
  expect(() => parseSmoothing(file)).toThrow(expect.objectContaining({ code: 'engine/malformed-model' }))
})
