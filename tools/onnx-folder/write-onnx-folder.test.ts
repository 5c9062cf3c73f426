import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { PreTrainedTokenizer } from '@huggingface/transformers'
import type { InferenceSession, Tensor } from 'onnxruntime-web/wasm'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { readLogProb } from '../../src/engine/decode/log-probability.ts'
import { readGgufMetadata } from '../../src/engine/gguf/read-gguf.ts'
import { openGguf } from '../../src/engine/gguf/tensor-source.ts'
import { createModelText } from '../../src/engine/text/model-text.ts'
import { openGemma3Oracle } from '../../tests/fixtures/families/gemma3-oracle.ts'
import { openQwen2Oracle } from '../../tests/fixtures/families/qwen2-oracle.ts'
import { openQwen3Oracle } from '../../tests/fixtures/families/qwen3-oracle.ts'
import { runWhole, tokenIds } from '../../tests/fixtures/families/run-whole.ts'
import {
  tinyGemma3,
  tinyQwen2,
  tinyQwen3,
  writeTinyModel,
} from '../../tests/fixtures/families/tiny-models.ts'
import { loadInNode } from '../../tests/fixtures/llama/load-in-node.ts'
import { nodePlace } from '../node-runtime.ts'
import type { FolderType } from './hugging-face-graph.ts'
import { roundToNibbles } from './nibble-products.ts'
import { writeOnnxFolder } from './write-onnx-folder.ts'

let folder: string
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'opentab-onnx-'))
})
afterAll(() => rm(folder, { recursive: true }))

const positions = 512
const readJson = async (name: string) => JSON.parse(await readFile(join(folder, name), 'utf8')) as object

type Outputs = Record<string, Tensor>

/** Runs a step as transformers.js does: all tokens so far are in the mask, the last step's present is the past. */
async function openFolder(model: string) {
  const ort = await import('onnxruntime-web/wasm')
  ort.env.wasm.numThreads = 1
  ort.env.wasm.wasmBinary = nodePlace.runtimeFiles.program as ArrayBuffer
  const [graph, data] = await Promise.all(
    [model, `${model}_data`].map(async (name) => new Uint8Array(await readFile(join(folder, 'onnx', name)))),
  )
  const session = await ort.InferenceSession.create(graph!, {
    executionProviders: ['wasm'],
    externalData: [{ path: `${model}_data`, data: data! }],
  })
  const pasts = session.inputMetadata.filter(({ name }) => name.startsWith('past_key_values.'))
  const int64s = (values: number[], dims: number[]) =>
    new ort.Tensor('int64', BigInt64Array.from(values, BigInt), dims)
  const emptyPast = (past: InferenceSession.ValueMetadata) => {
    const shape = past.isTensor ? past.shape.map((size) => (size === 'batch_size' ? 1 : size)) : []
    const dims = shape.map((size) => Number(size) || 0)
    const isHalf = past.isTensor && past.type === 'float16'
    return isHalf
      ? new ort.Tensor('float16', Uint16Array.of(), dims)
      : new ort.Tensor('float32', Float32Array.of(), dims)
  }
  return async (ids: readonly number[], before: number, kept: number, outputs?: Outputs): Promise<Outputs> =>
    session.run({
      input_ids: int64s([...ids], [1, ids.length]),
      attention_mask: int64s(Array<number>(before + ids.length).fill(1), [1, before + ids.length]),
      num_logits_to_keep: int64s([kept], []),
      ...Object.fromEntries(
        pasts.map((past) => [
          past.name,
          outputs?.[past.name.replace('past_key_values', 'present')] ?? emptyPast(past),
        ]),
      ),
    })
}

/** Mean distance of log-probabilities from the engine's at each position. */
function distance(logits: Tensor, rows: Float32Array[]): number {
  const values = Float32Array.from(logits.data as Float32Array)
  const width = rows[0]!.length
  const errors = rows.flatMap((row, index) => {
    const found = values.subarray(index * width, (index + 1) * width)
    return [0, 7, 97, 200].map((id) => Math.abs(readLogProb(found, id) - readLogProb(row, id)))
  })
  return errors.reduce((sum, error) => sum + error, 0) / errors.length
}

const oracles: Record<string, typeof openQwen2Oracle> = {
  qwen2: openQwen2Oracle,
  qwen3: openQwen3Oracle,
  gemma3: openGemma3Oracle,
}

describe.each([tinyQwen2, tinyQwen3, tinyGemma3])('a folder of a $architecture model', (shape) => {
  const file = new Blob([writeTinyModel(shape)])
  const write = (type: FolderType) => writeOnnxFolder(file, folder, { type, positions })

  // Both multiply floats by the same rounded weights.
  test.each([
    ['fp32', 'model.onnx'],
    ['int8', 'model_int8.onnx'],
  ] as const)('predicts in %s what the engine does, whole and step by step', async (type, graph) => {
    await write(type)
    const { model } = await loadInNode(file, { recipe: 'wasm-float-4' })
    const rows = await runWhole(model)
    const run = await openFolder(graph)
    const whole = await run(tokenIds, 0, 0)
    expect(distance(whole['logits']!, rows)).toBeLessThan(1e-4)

    const all = await run(tokenIds.slice(0, -1), 0, 1)
    expect(all['logits']!.dims[1]).toBe(1)
    const last = await run(tokenIds.slice(-1), tokenIds.length - 1, 1, all)
    expect(distance(last['logits']!, rows.slice(-1))).toBeLessThan(1e-4)
  })

  test('predicts in q4f16 what its 4-bit weights do in double precision, whole and step by step', async () => {
    await write('q4f16')
    const oracle = await oracles[shape.architecture]!(await openGguf(file), roundToNibbles)
    const rows = oracle.logProbs(tokenIds).map((row) => Float32Array.from(row))
    const run = await openFolder('model_q4f16.onnx')
    const { logits } = await run(tokenIds, 0, 0)
    expect(logits).toMatchObject({ type: 'float16' })
    expect(distance(logits!, rows)).toBeLessThan(0.02)

    const all = await run(tokenIds.slice(0, -1), 0, 1)
    expect(all['present.0.key']).toMatchObject({ type: 'float16' })
    const last = await run(tokenIds.slice(-1), tokenIds.length - 1, 1, all)
    expect(distance(last['logits']!, rows.slice(-1))).toBeLessThan(0.02)
  })

  test('predicts much the same in q8', async () => {
    await write('q8')
    const { model } = await loadInNode(file, { recipe: 'wasm-float-4' })
    const run = await openFolder('model_quantized.onnx')
    const { logits } = await run(tokenIds, 0, 0)
    expect(distance(logits!, await runWhole(model))).toBeLessThan(0.5)
  })

  test('describes itself, and cuts text alike', async () => {
    await write('q8')
    expect(await readdir(folder)).toEqual(
      expect.arrayContaining(['config.json', 'generation_config.json', 'onnx', 'tokenizer.json']),
    )
    expect(await readJson('config.json')).toMatchObject({
      num_hidden_layers: shape.layers,
      num_key_value_heads: shape.kvHeads,
      max_position_embeddings: positions,
    })
    const tokenizer = new PreTrainedTokenizer(
      await readJson('tokenizer.json'),
      await readJson('tokenizer_config.json'),
    )
    const text = 'hello you and the hell!'
    const { encode } = createModelText(await readGgufMetadata(file))
    expect(tokenizer.encode(text, { add_special_tokens: false })).toEqual(encode(text))
  })
})
