import { gguf } from '@huggingface/gguf'
import { openAsBlob } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { describe, expect, test } from 'vitest'
import { writeGguf } from '../../../tests/fixtures/llama/write-gguf.ts'
import { readGgufHead, readGgufMetadata } from './read-gguf.ts'
import { openGguf } from './tensor-source.ts'

const fixture = fileURLToPath(new URL('../../../tests/fixtures/tiny-llama/tiny-llama.gguf', import.meta.url))

test('reads what an independent reader reads', async () => {
  const theirs = await gguf(fixture, { allowLocalFile: true })
  const ours = await readGgufHead(await openAsBlob(fixture))
  expect(ours.tensors.size).toBe(theirs.tensorInfos.length)
  for (const info of theirs.tensorInfos) {
    const tensor = ours.tensors.get(info.name)
    expect(tensor?.dims).toEqual(info.shape.map(Number))
    expect(tensor?.byteOffset).toBe(Number(theirs.tensorDataOffset + info.offset))
  }
  expect(theirs.metadata).toMatchObject({
    'llama.block_count': ours.metadata.number('llama.block_count'),
    'tokenizer.ggml.tokens': ours.metadata.texts('tokenizer.ggml.tokens').all(),
  })
})

test('the metadata alone is enough for the text', async () => {
  const head = (await openAsBlob(fixture)).slice(0, 8192)
  expect((await readGgufMetadata(head)).string('general.architecture')).toBe('llama')
})

describe('a list of texts is read whole as it is read one by one', () => {
  const key = 'tokenizer.ggml.tokens'
  const strings = ['the', 'Ġthe', '', '▁🙂', '\ufeff', '\ufeffx', 'spoilt']
  const file = writeGguf({ [key]: { strings } }, [])

  test.each([
    ['well-formed', file, strings],
    [
      'of which one is malformed',
      file.with(Buffer.from(file).indexOf('spoilt'), 0xc4),
      [...strings.slice(0, -1), '\ufffdpoilt'],
    ],
  ])('%s', async (_name, bytes, expected) => {
    const texts = (await readGgufMetadata(new Blob([bytes]))).texts(key)
    expect(texts.all()).toEqual(expected)
    expect(expected.map((_, index) => texts.at(index))).toEqual(expected)
    expect(texts.at(expected.length)).toBeUndefined()
  })
})

describe('a file that cannot be read is refused with the reason', () => {
  const whole = writeGguf({ 'general.name': { string: 'x' } }, [
    { name: 't', type: 'Q8_0', dims: [32], values: new Float32Array(32) },
  ])
  const changed = (at: number, byte: number) => new Blob([whole.with(at, byte)])
  /** Its name is followed by the number of sizes, one size, and the type. */
  const typeAt = Buffer.from(whole).indexOf('t', 60) + 1 + 4 + 8
  const malformed = 'engine/malformed-model'

  test.each([
    ['no GGUF at all', new Blob(['hello world, this is text']), malformed, 'no GGUF file'],
    ['cut in the head', new Blob([whole.slice(0, 60)]), malformed, 'ends too early'],
    ['empty', new Blob([]), malformed, 'ends too early'],
    ['cut in a tensor', new Blob([whole.slice(0, -10)]), malformed, 'within tensor t'],
    ['of version 1', changed(4, 1), 'engine/unsupported-model', 'version 1'],
    ['with a tensor of two bits', changed(typeAt, 10), 'engine/unsupported-model', 'Q2_K'],
    ['with a count out of bounds', changed(15, 255), malformed, 'out of range'],
  ])('%s', async (_name, file, code, named) => {
    await expect(openGguf(file)).rejects.toMatchObject({ code, shortMessage: expect.stringContaining(named) })
  })

  const tensors = Array.from({ length: 100 }, (_, i) => ({
    ...{ name: `t${i}.`, type: 'Q8_0' as const, dims: [32 * 64], values: new Float32Array(32 * 64) },
  }))

  test('with tensors that lie upon one another', async () => {
    const file = Buffer.from(writeGguf({}, tensors))
    // Each name is followed by the number of sizes, one size, the type and the place.
    for (const { name } of tensors) {
      file.writeBigUint64LE(0n, file.indexOf(name) + name.length + 4 + 8 + 4)
    }
    await expect(openGguf(new Blob([file]))).resolves.toBeDefined()
    const shorter = file.subarray(0, -50 * 64 * 34)
    await expect(openGguf(new Blob([shorter]))).rejects.toMatchObject({
      code: malformed,
      shortMessage: 'The model file is smaller than its tensors together.',
    })
  })

  test.each([0, 1.5, -32, NaN, 2 ** 31])('with an alignment of %d', async (float32) => {
    const file = writeGguf({ 'general.alignment': { float32 } }, [])
    await expect(openGguf(new Blob([file]))).rejects.toMatchObject({
      code: malformed,
      shortMessage: `The model file cannot be aligned to ${float32}.`,
    })
  })

  test('with a tensor of more numbers than can be counted', async () => {
    const file = Buffer.from(writeGguf({}, [{ ...tensors[0]!, dims: [32, 64] }]))
    const sizesAt = file.indexOf('t0.') + 3 + 4
    file.writeBigUint64LE(2n ** 40n, sizesAt)
    file.writeBigUint64LE(2n ** 40n, sizesAt + 8)
    await expect(openGguf(new Blob([file]))).rejects.toMatchObject({
      code: malformed,
      shortMessage: 'Tensor t0. has more numbers than can be counted.',
    })
  })

  test('a missing key or tensor is named', async () => {
    const source = await openGguf(new Blob([whole]))
    expect(() => source.metadata.number('llama.block_count')).toThrowError(/llama\.block_count/)
    await expect(source.read('output.weight')).rejects.toThrowError(/output\.weight/)
  })
})
