import { beforeAll, describe, expect, test } from 'vitest'
import { nodePlace } from '../../../tests/fixtures/node-place.ts'
import { createMulberry32 } from '../../device/mulberry32.ts'
import type { TensorSource } from '../gguf/tensor-source.ts'
import { floatsIn, GraphBuilder, type WeightGroup, weightsFile } from '../graph/graph-builder.ts'
import { int8Products } from '../graph/int8-products.ts'
import { prepareWeights } from './prepare-weights.ts'
import { openRuntime, readFloats } from './runtime.ts'
import { createMemoryWeights } from './weights.ts'

type Bytes = Uint8Array<ArrayBuffer>

const inputs = 64
const random = createMulberry32(7)
const anyNumbers = (length: number) => Float32Array.from({ length }, () => random() / 2 ** 31 - 1)
const row = anyNumbers(inputs)

// Weights lie in blocks of 64 outputs: a part of one, two, and three of which the last is not full.
describe.each([12, 128, 150])('products with %d outputs', (outputs) => {
  const matrix = anyNumbers(inputs * outputs)
  const readRows = (first: number, target: Float32Array) =>
    target.set(matrix.subarray(first * inputs, first * inputs + target.length))

  /** Multiplies rows by the matrix, all in one step. */
  let multiply: (rows: readonly Float32Array[]) => Promise<Float32Array[]>
  /** Looks up the matrix's rows of those tokens, one after the other. */
  let lookUp: (tokenIds: number[]) => Promise<Float32Array>

  beforeAll(async () => {
    const graph = new GraphBuilder()
    const input = graph.input('input', 'float', [1, 'rows', inputs])
    const columns = int8Products.declare(graph, 'matrix', { inputs, outputs, open: async () => readRows })
    graph.apply('Identity', [int8Products.multiply(graph, input, columns)], {}, 'output')
    graph.output('output', 'float', [1, 'rows', outputs])
    const tokenIds = graph.input('token_ids', 'int64', [1, 'tokens'])
    graph.apply('Identity', [int8Products.lookUp(graph, tokenIds, columns)], {}, 'looked')
    graph.output('looked', 'float', [1, 'tokens', inputs])
    const built = graph.build()
    const weights = createMemoryWeights(built.weightBytes)
    const source = { tensors: new Map() } as unknown as TensorSource
    await prepareWeights(built, source, Promise.resolve(weights), () => {})
    const runtime = await openRuntime('wasm', nodePlace.runtimeFiles, 1, (step) => step())
    const external = [{ path: weightsFile, data: weights }]
    const session = await runtime.createSession(built.model, external, { asBuilt: true })
    multiply = async (rows) => {
      const joined = Float32Array.from(rows.flatMap((row) => [...row]))
      const feeds = {
        input: runtime.floats(joined, [1, rows.length, inputs]),
        token_ids: runtime.int64s([0], [1, 1]),
      }
      const products = readFloats(await session.run(feeds, ['output']), 'output')
      return rows.map((_, row) => products.slice(row * outputs, (row + 1) * outputs))
    }
    lookUp = async (tokenIds) => {
      const feeds = {
        input: runtime.floats(row, [1, 1, inputs]),
        token_ids: runtime.int64s(tokenIds, [1, tokenIds.length]),
      }
      return readFloats(await session.run(feeds, ['looked']), 'looked').slice()
    }
  })

  const expected = Array.from({ length: outputs }, (_, output) =>
    row.reduce((sum, number, at) => sum + number * matrix[output * inputs + at]!, 0),
  )

  test.each([1, 1e-30, 1e30])(
    'a row of numbers up to %d is multiplied as by floats, but for its rounding',
    async (size) => {
      const [products] = await multiply([row.map((number) => number * size)])
      const errors = expected.map((number, output) => Math.abs(products![output]! / size - number))
      // Both sides are rounded to a 127th of their largest number.
      expect(Math.max(...errors)).toBeLessThan((0.5 / 127) * 2 * Math.sqrt(inputs))
      expect(Math.max(...errors)).toBeGreaterThan(0)
    },
  )

  test('a row of zeros makes zeros, and changes no bit of the rows beside it', async () => {
    const [alone] = await multiply([row])
    const zeros = new Float32Array(inputs)
    const [before, beside, after] = await multiply([zeros, row, zeros])
    expect(beside).toEqual(alone)
    for (const made of [before!, after!]) expect(made.map(Math.abs)).toEqual(new Float32Array(outputs))
  })

  // A norm makes one of a row all of it; a product alone may overlook a single one.
  test.each([
    ['holds Infinity', row.with(3, Infinity)],
    ['is NaN', new Float32Array(inputs).fill(Number.NaN)],
  ])('a row that %s makes no number, and leaves others theirs', async (_, bad) => {
    const [alone] = await multiply([row])
    const [made, beside] = await multiply([bad, row])
    expect(made!.some(Number.isFinite)).toBe(false)
    expect(beside).toEqual(alone)
  })

  test('the row of any token is looked up, but for its rounding', async () => {
    const tokenIds = Array.from({ length: outputs }, (_, token) => token).toReversed()
    const looked = await lookUp(tokenIds)
    tokenIds.forEach((token, at) => {
      const expected = matrix.subarray(token * inputs, (token + 1) * inputs)
      const step = Math.max(...expected.map(Math.abs)) / 127
      const errors = looked
        .subarray(at * inputs, (at + 1) * inputs)
        .map((number, i) => Math.abs(number - expected[i]!))
      expect(Math.max(...errors)).toBeLessThanOrEqual(step * 0.501)
    })
  })

  test('behind the outputs there is nothing, whatever their place held', async () => {
    const graph = new GraphBuilder()
    int8Products.declare(graph, 'matrix', { inputs, outputs, open: async () => readRows })
    const [{ parts, read }] = graph.build().weights as [WeightGroup]
    const [columns, scales] = parts.map(({ bytes }) => new Uint8Array(bytes).fill(0xff)) as [Bytes, Bytes]
    ;(await read({} as TensorSource))(columns, scales)
    const all = Math.ceil(outputs / 64) * 64
    expect(columns).toHaveLength(all * inputs)
    const behind = columns.filter((_, at) => Math.floor(at / (64 * inputs)) * 64 + (at % 64) >= outputs)
    expect(behind).toEqual(new Uint8Array((all - outputs) * inputs))
    expect(floatsIn(scales).subarray(outputs)).toEqual(new Float32Array(all - outputs))
  })
})
