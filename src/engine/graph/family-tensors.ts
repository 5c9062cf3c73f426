import { EngineError } from '../../errors/index.ts'
import type { GgufHead } from '../gguf/read-gguf.ts'
import type { ModelConfig } from './model-config.ts'

/** What the frequencies of a model's rotated pairs are divided by, where they are. */
export const frequencyFactorsTensor = 'rope_freqs.weight'

/** The sizes of a tensor, those of a row first. */
type Dims = readonly number[]

/** Tensors that no layer owns. */
function* listModelTensors(config: ModelConfig): Generator<[name: string, dims: Dims]> {
  const { width, headWidth, vocabularySize, frequencyFactors, tiedEmbedding } = config
  yield ['token_embd.weight', [width, vocabularySize]]
  yield ['output_norm.weight', [width]]
  if (frequencyFactors) yield [frequencyFactorsTensor, [headWidth / 2]]
  if (!tiedEmbedding) yield ['output.weight', [width, vocabularySize]]
}

/** Tensors of one layer, without its name before them. */
function* listLayerTensors(config: ModelConfig): Generator<[name: string, dims: Dims]> {
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
 * Makes sure that a file has the tensors of its family, and none that its graph would leave out. What that takes grows
 * with the tensors that there are, never with how many layers the file claims to have.
 *
 * @throws EngineError `engine/malformed-model`, `engine/unsupported-model`, each naming the tensor
 */
export function checkTensors(config: ModelConfig, tensors: GgufHead['tensors']): void {
  const ofModel = new Map(listModelTensors(config))
  const ofLayer = new Map(listLayerTensors(config))
  for (const { name, dims } of tensors.values()) {
    const [, layer, rest] = /^blk\.(0|[1-9]\d*)\.(.+)$/.exec(name) ?? []
    const wanted = Number(layer) < config.layers ? ofLayer.get(rest ?? '') : ofModel.get(name)
    if (!wanted) {
      throw new EngineError(
        'engine/unsupported-model',
        `Opentab cannot run models with a tensor ${name} yet.`,
      )
    }
    if (wanted.length !== dims.length || wanted.some((size, axis) => size !== dims[axis])) {
      throw wrongShape(name, dims.join('×'), wanted)
    }
  }
  for (const [name, dims] of ofModel) if (!tensors.has(name)) throw wrongShape(name, 'missing', dims)
  for (let layer = 0; layer < config.layers; layer++) {
    for (const [rest, dims] of ofLayer) {
      const name = `blk.${layer}.${rest}`
      if (!tensors.has(name)) throw wrongShape(name, 'missing', dims)
    }
  }
}

function wrongShape(name: string, found: string, wanted: Dims): EngineError {
  return new EngineError('engine/malformed-model', `Tensor ${name} has the wrong shape.`, {
    details: `${found} instead of ${wanted.join('×')}`,
  })
}
