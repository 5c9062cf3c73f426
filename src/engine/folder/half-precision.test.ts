import { expect, test } from 'vitest'
import { namesHalves, requireHalves } from './half-precision.ts'

test.each([
  ['onnx/model_q4f16.onnx', true],
  ['onnx/model_fp16.onnx', true],
  ['onnx/decoder_model_merged_q2f16.onnx', true],
  ['onnx/model.onnx', false],
  ['onnx/model_q4.onnx', false],
  ['onnx/model_quantized.onnx', false],
  ['fp16/model.onnx', false],
])('%s computes in half precision: %s', (path, isHalf) => {
  expect(namesHalves(path)).toBe(isHalf)
})

const gpuWith = (...features: string[]) => ({
  device: async () => ({ features: new Set(features) }) as unknown as GPUDevice,
})

test('a GPU without half precision is refused by name, so that the processor is asked next', async () => {
  await requireHalves(gpuWith('timestamp-query', 'shader-f16'))
  await expect(requireHalves(gpuWith('timestamp-query'))).rejects.toMatchObject({
    code: 'engine/no-backend',
    shortMessage: 'The GPU here has no half precision, which the graph of this folder needs.',
  })
})
