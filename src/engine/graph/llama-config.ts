import { EngineError } from '../../errors/index.ts'
import type { GgufHead } from '../gguf/read-gguf.ts'

/** Shape of a llama-family model. */
export type LlamaConfig = {
  layers: number
  width: number
  heads: number
  kvHeads: number
  headWidth: number
  feedForwardWidth: number
  vocabularySize: number
  /** Longest text that the model was trained for. */
  contextTokens: number
  normEpsilon: number
  ropeBase: number
  /** Whether the embedding also serves as the output layer. */
  tiedEmbedding: boolean
}

/** @throws EngineError `engine/unsupported-model` naming what this family's graph lacks */
export function readLlamaConfig({ metadata, tensors }: GgufHead): LlamaConfig {
  const family = metadata.string('general.architecture')
  if (family !== 'llama') refuse(`models of the family ${family}`)
  const number = (key: string, otherwise?: number) =>
    otherwise !== undefined && !metadata.has(`llama.${key}`) ? otherwise : metadata.number(`llama.${key}`)
  const width = number('embedding_length')
  const heads = number('attention.head_count')
  const headWidth = number('attention.key_length', width / heads)
  const config: LlamaConfig = {
    layers: number('block_count'),
    width,
    heads,
    kvHeads: number('attention.head_count_kv', heads),
    headWidth,
    feedForwardWidth: number('feed_forward_length'),
    vocabularySize: tensors.get('token_embd.weight')?.dims[1] ?? 0,
    contextTokens: number('context_length'),
    normEpsilon: number('attention.layer_norm_rms_epsilon'),
    ropeBase: number('rope.freq_base', 10000),
    tiedEmbedding: !tensors.has('output.weight'),
  }
  if (number('expert_count', 0) > 0) refuse('mixtures of experts')
  if (number('rope.dimension_count', headWidth) !== headWidth) refuse('partly rotated heads')
  if (number('attention.value_length', headWidth) !== headWidth) refuse('values of another width than keys')
  const scaling = 'llama.rope.scaling.type'
  if (metadata.has(scaling) && metadata.string(scaling) !== 'none') refuse('scaled rotary positions')
  for (const tensor of ['rope_freqs.weight', 'blk.0.attn_q.bias', 'blk.0.attn_q_norm.weight']) {
    if (tensors.has(tensor)) refuse(`the tensor ${tensor}`)
  }
  if (config.heads % config.kvHeads !== 0 || config.headWidth % 2 !== 0) refuse('heads of this shape')
  return config
}

function refuse(what: string): never {
  throw new EngineError('engine/unsupported-model', `Opentab cannot run ${what} yet.`)
}
