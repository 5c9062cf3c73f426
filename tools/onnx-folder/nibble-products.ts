import { checkBlocks } from '../../src/engine/graph/block-products.ts'
import { floatsIn, type Value } from '../../src/engine/graph/graph-builder.ts'
import { openRows } from '../../src/engine/graph/matrix-rows.ts'
import type { Products } from '../../src/engine/graph/products.ts'
import { roundToHalf } from './half-floats.ts'

/** Weights that share a scale. */
const blockSize = 32
/** What stands for 0. */
const zero = 8
/** Keeps a block of zeros from dividing by zero. */
const smallestHalf = 2 ** -24

/** Products of floats and 4-bit weights in blocks of 32, two weights a byte: what most folders for a GPU have. */
export const nibbleProducts: Products = {
  declare(graph, name, rows) {
    const { inputs, outputs } = rows
    checkBlocks(inputs)
    const blocks = inputs / blockSize
    const tensors = graph.weights(
      [
        { name: `${name}.nibbles`, type: 'uint8', dims: [outputs, blocks, blockSize / 2] },
        { name: `${name}.scale`, type: 'float', dims: [outputs, blocks] },
      ],
      async (source) => {
        const eachRows = await openRows(rows, source)
        return (packed, scales) =>
          eachRows((weights, first) =>
            packNibbles(
              weights,
              packed.subarray((first * inputs) / 2),
              floatsIn(scales).subarray(first * blocks),
            ),
          )
      },
    )
    return { tensors, inputs, outputs }
  },

  multiply(graph, input, { tensors, inputs, outputs }) {
    return graph.applyContributed('MatMulNBits', [input, ...tensors], {
      K: { int: inputs },
      N: { int: outputs },
      bits: { int: 4 },
      block_size: { int: blockSize },
      accuracy_level: { int: 0 },
    })
  },

  lookUp(graph, tokenIds, { tensors, inputs }) {
    const [nibbles, scales] = tensors as [Value, Value]
    const rows = graph.apply('Reshape', [nibbles, graph.int64s([-1, inputs / 2])])
    return graph.applyContributed('GatherBlockQuantized', [rows, tokenIds, scales], {
      bits: { int: 4 },
      block_size: { int: blockSize },
      gather_axis: { int: 0 },
      quantize_axis: { int: 1 },
    })
  },
}

/** Packs two weights into each byte, the first in its lower half, with one scale for each 32 weights in a row. */
function packNibbles(weights: Float32Array, packed: Uint8Array, scales: Float32Array): void {
  for (let start = 0; start < weights.length; start += blockSize) {
    const scale = findScale(weights.subarray(start, start + blockSize))
    scales[start / blockSize] = scale
    for (let at = start; at < start + blockSize; at += 2) {
      packed[at / 2] = stepOf(weights[at]!, scale) | (stepOf(weights[at + 1]!, scale) << 4)
    }
  }
}

/** The weight furthest from 0 is the lowest step. */
function findScale(block: Float32Array): number {
  let furthest = 0
  for (const weight of block) if (Math.abs(weight) > Math.abs(furthest)) furthest = weight
  return roundToHalf(furthest / -zero) || smallestHalf
}

function stepOf(weight: number, scale: number): number {
  return Math.min(15, Math.max(0, Math.round(weight / scale) + zero))
}

/** Returns the weights as their blocks stand for them. */
export function roundToNibbles(weights: Float32Array): Float32Array<ArrayBuffer> {
  const scales = Array.from({ length: weights.length / blockSize }, (_, block) =>
    findScale(weights.subarray(block * blockSize, (block + 1) * blockSize)),
  )
  return Float32Array.from(weights, (weight, at) => {
    const scale = scales[Math.floor(at / blockSize)]!
    return (stepOf(weight, scale) - zero) * scale
  })
}
