import { describe, expect, it } from 'vitest'
import { reckonNeeds } from './model-needs.ts'

const file = (path: string, bytes: number) => ({
  path,
  bytes,
  sha256: '0x' as const,
  pieceBytes: 1,
  pieces: [],
})
const needsOf = (path: string, bytes: number) => reckonNeeds({ files: [file(path, bytes)] })

it.each([
  ['SmolLM2-135M-Instruct.Q4_1.gguf', 100e6, 160e6],
  ['qwen2.5-1.5b-instruct-q8_0.gguf', 1.7e9, 1.6e9],
  ['model-BF16.gguf', 2e9, 1e9],
  ['Llama-3.2-1B-Instruct-Q4_K_M.gguf', 970e6, 1.6e9],
  ['unnamed.gguf', 90e6, 160e6],
])('keeps the weights of %s in 8 bits each', (path, fileBytes, weightBytes) => {
  expect(needsOf(path, fileBytes).weightBytes).toBeCloseTo(weightBytes, -7)
})

it('downloads every file', () => {
  const files = [file('a.Q8_0.gguf', 850e6), file('smoothing.safetensors', 1e6)]
  expect(reckonNeeds({ files }).downloadBytes).toBe(851e6)
})

it('grows its vocabulary and its cache with the square root of its weights', () => {
  const [small, large] = [needsOf('a.F16.gguf', 2e9), needsOf('b.F16.gguf', 8e9)]
  expect(large.cacheBytesPerToken / small.cacheBytesPerToken).toBeCloseTo(2)
  expect(large.largestMatrixBytes / small.largestMatrixBytes).toBeCloseTo(2)
})

it('has no matrix larger than the whole', () => {
  const { largestMatrixBytes, weightBytes } = needsOf('tiny.F32.gguf', 40_000)
  expect(largestMatrixBytes).toBe(weightBytes)
})

describe('a folder', () => {
  const folder = (graph: string, weightBytes: number) =>
    reckonNeeds({
      format: 'onnx-folder',
      files: [
        file('config.json', 1_000),
        file('tokenizer.json', 9e6),
        file(`onnx/${graph}.onnx`, 1e6),
        file(`onnx/${graph}.onnx_data`, weightBytes),
        file(`onnx/${graph}.onnx_data_1`, weightBytes),
      ],
    })

  it.each(['model', 'model_q8', 'model_q4f16', 'model_some_other'])(
    'computes with what lies in the graph %s and beside it',
    (graph) => {
      expect(folder(graph, 50e6)).toMatchObject({ downloadBytes: 110_001_000, weightBytes: 101e6 })
    },
  )

  it('has as many weights as the name of its graph tells', () => {
    const [floats, bytes, halves] = [
      folder('model', 80e7),
      folder('model_int8', 20e7),
      folder('model_fp16', 40e7),
    ]
    expect(bytes.largestMatrixBytes / floats.largestMatrixBytes).toBeCloseTo(1 / 4, 2)
    expect(bytes.cacheBytesPerToken / floats.cacheBytesPerToken).toBeCloseTo(1, 2)
    expect(halves.cacheBytesPerToken / floats.cacheBytesPerToken).toBeCloseTo(1 / 2, 2)
  })

  it('has no matrix larger than its graph', () => {
    const { largestMatrixBytes, weightBytes } = folder('model_q4f16', 1000)
    expect(largestMatrixBytes).toBeLessThanOrEqual(weightBytes)
  })
})
