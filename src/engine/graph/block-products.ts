import { EngineError } from '../../errors/index.ts'
import { floatsIn, type Value } from './graph-builder.ts'
import { openRows } from './matrix-rows.ts'
import { elementTypes } from './onnx-encoding.ts'
import type { Products } from './products.ts'
import { quantiseGroups } from './row-kernel.ts'

/** Weights that share a scale. */
const blockSize = 32

/** Products of float activations and 8-bit weights in blocks of 32: what WebGPU computes well. */
export const blockProducts: Products = {
  declare(graph, name, rows) {
    const { inputs, outputs } = rows
    checkBlocks(inputs)
    const blocks = inputs / blockSize
    const tensors = graph.weights(
      [
        { name: `${name}.blocks`, type: 'uint8', dims: [outputs, blocks, blockSize] },
        { name: `${name}.scale`, type: 'float', dims: [outputs, blocks] },
      ],
      async (source) => {
        const eachRows = await openRows(rows, source)
        return (quantised, scales) =>
          eachRows((weights, first) => {
            const some = quantiseGroups(weights, blockSize, blockZero)
            quantised.set(some.bytes, first * inputs)
            floatsIn(scales).set(some.scales, first * blocks)
          })
      },
    )
    return { tensors, inputs, outputs }
  },

  multiply(graph, input, { tensors, inputs, outputs }) {
    return graph.applyContributed('MatMulNBits', [input, ...tensors], {
      K: { int: inputs },
      N: { int: outputs },
      bits: { int: 8 },
      block_size: { int: blockSize },
      accuracy_level: { int: 0 },
    })
  },

  lookUp(graph, tokenIds, { tensors, inputs }) {
    const [blocks, scales] = tensors as [Value, Value]
    const picked = graph.apply('Gather', [blocks, tokenIds], { axis: { int: 0 } })
    const centred = graph.apply('Sub', [
      graph.apply('Cast', [picked], { to: { int: elementTypes.float.number } }),
      graph.float(blockZero),
    ])
    const scale = graph.apply('Gather', [scales, tokenIds], { axis: { int: 0 } })
    const scaled = graph.apply('Mul', [centred, graph.apply('Unsqueeze', [scale, graph.int64s([-1])])])
    return graph.apply('Reshape', [scaled, graph.int64s([0, 0, inputs])])
  },
}

/** The byte that stands for 0. */
const blockZero = 128

/** @throws EngineError `engine/unsupported-model` for rows that cannot be cut into blocks of 32 */
export function checkBlocks(inputs: number): void {
  if (inputs % blockSize === 0) return
  throw new EngineError('engine/unsupported-model', `A matrix of ${inputs} inputs has no whole blocks.`)
}

/** Returns weights that lie in the kernel as their blocks stand for them. */
export function roundToBlocks(weights: Float32Array): Float32Array<ArrayBuffer> {
  const { bytes, scales } = quantiseGroups(weights, blockSize, blockZero)
  return Float32Array.from(bytes, (byte, i) => (byte - blockZero) * scales[Math.floor(i / blockSize)]!)
}
