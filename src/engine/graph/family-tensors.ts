import { EngineError } from '../../errors/index.ts'
import type { GgufHead } from '../gguf/read-gguf.ts'
import type { ModelConfig } from './model-config.ts'

/** Returns every tensor of a model with its sizes, those of a row first. */
function* listTensors(config: ModelConfig): Generator<[name: string, dims: number[]]> {
  const { width, vocabularySize, layers, tiedEmbedding } = config
  yield ['token_embd.weight', [width, vocabularySize]]
  yield ['output_norm.weight', [width]]
  if (!tiedEmbedding) yield ['output.weight', [width, vocabularySize]]
  for (let layer = 0; layer < layers; layer++) {
    for (const [name, dims] of listLayerTensors(config)) yield [`blk.${layer}.${name}`, dims]
  }
}

function* listLayerTensors(config: ModelConfig): Generator<[name: string, dims: number[]]> {
  const { width, heads, kvHeads, headWidth, feedForwardWidth, family } = config
  const headsWidth = heads * headWidth
  const kvWidth = kvHeads * headWidth
  yield ['attn_norm.weight', [width]]
  yield ['attn_q.weight', [width, headsWidth]]
  yield ['attn_k.weight', [width, kvWidth]]
  yield ['attn_v.weight', [width, kvWidth]]
  if (family.projectionBias) {
    yield ['attn_q.bias', [headsWidth]]
    yield ['attn_k.bias', [kvWidth]]
    yield ['attn_v.bias', [kvWidth]]
  }
  if (family.headNorms) {
    yield ['attn_q_norm.weight', [headWidth]]
    yield ['attn_k_norm.weight', [headWidth]]
  }
  yield ['attn_output.weight', [headsWidth, width]]
  if (family.branchNorms) yield ['post_attention_norm.weight', [width]]
  yield ['ffn_norm.weight', [width]]
  yield ['ffn_gate.weight', [width, feedForwardWidth]]
  yield ['ffn_up.weight', [width, feedForwardWidth]]
  yield ['ffn_down.weight', [feedForwardWidth, width]]
  if (family.branchNorms) yield ['post_ffw_norm.weight', [width]]
}

/**
 * Makes sure that a file has the tensors of its family, and none that its graph would leave out.
 *
 * @throws EngineError `engine/malformed-model`, `engine/unsupported-model`, each naming the tensor
 */
export function checkTensors(config: ModelConfig, tensors: GgufHead['tensors']): void {
  const wanted = new Map(listTensors(config))
  for (const name of tensors.keys()) {
    if (wanted.has(name)) continue
    throw new EngineError('engine/unsupported-model', `Opentab cannot run models with a tensor ${name} yet.`)
  }
  for (const [name, dims] of wanted) {
    const found = tensors.get(name)?.dims ?? []
    if (dims.length === found.length && dims.every((size, axis) => size === found[axis])) continue
    throw new EngineError('engine/malformed-model', `Tensor ${name} has the wrong shape.`, {
      details: `${found.join('×') || 'missing'} instead of ${dims.join('×')}`,
    })
  }
}
