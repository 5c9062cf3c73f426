import { EngineError } from '../../errors/index.ts'
import type { Metadata } from '../gguf/metadata.ts'
import type { GgufHead } from '../gguf/read-gguf.ts'
import { families } from './family.ts'
import { checkTensors, frequencyFactorsTensor } from './family-tensors.ts'
import type { ModelConfig } from './model-config.ts'

/**
 * Reads what a graph must know of a model. The head of its file is enough.
 *
 * @throws EngineError `engine/unsupported-model` naming what no graph can do, `engine/malformed-model`
 */
export function readModelConfig(head: GgufHead): ModelConfig {
  const { metadata, tensors } = head
  const name = metadata.string('general.architecture')
  const family = Object.hasOwn(families, name) ? families[name] : undefined
  if (!family) refuse(`models of the family ${name}`, `Known are ${Object.keys(families).join(', ')}.`)
  const settings = createSettings(metadata, name)
  refuseUnknownSettings(settings)
  const { count, positive } = settings
  const width = count('embedding_length')
  const heads = count('attention.head_count')
  const config: ModelConfig = {
    family,
    layers: count('block_count'),
    width,
    heads,
    kvHeads: count('attention.head_count_kv', heads),
    headWidth: count('attention.key_length', width / heads),
    feedForwardWidth: count('feed_forward_length'),
    vocabularySize: metadata.texts('tokenizer.ggml.tokens').count,
    contextTokens: count('context_length'),
    normEpsilon: positive('attention.layer_norm_rms_epsilon'),
    ropeBase: positive('rope.freq_base', 10_000),
    ropeDivisor: readRopeDivisor(settings),
    frequencyFactors: family.frequencyFactors && tensors.has(frequencyFactorsTensor),
    window: family.window && {
      tokens: count('attention.sliding_window'),
      globalEvery: count('attention.sliding_window_pattern', family.window.globalEvery),
      ropeBase: positive('rope.freq_base_swa', family.window.ropeBase),
    },
    tiedEmbedding: !tensors.has('output.weight'),
  }
  refuseOddShapes(config, settings)
  if (config.layers > tensors.size) {
    throw new EngineError('engine/malformed-model', 'The model file has fewer tensors than layers.')
  }
  checkTensors(config, tensors)
  return config
}

/** A family's settings; each has its name before it in the file. */
type Settings = {
  has(key: string): boolean
  /** Any number at all. */
  number(key: string, otherwise?: number): number
  /** How many there are of something: whole and at least 1. */
  count(key: string, otherwise?: number): number
  /** Finite and above 0. */
  positive(key: string, otherwise?: number): number
  text(key: string): string
}

/** More than any model has of anything. */
const mostOfAnything = 2 ** 31

function createSettings(metadata: Metadata, family: string): Settings {
  const has = (key: string) => metadata.has(`${family}.${key}`)
  const number = (key: string, otherwise?: number) =>
    otherwise !== undefined && !has(key) ? otherwise : metadata.number(`${family}.${key}`)
  const numberThat = (is: (value: number) => boolean) => (key: string, otherwise?: number) => {
    const value = number(key, otherwise)
    // What stands in for a missing setting is judged with the shape.
    if (!has(key) || is(value)) return value
    throw new EngineError('engine/malformed-model', `The model file gives no usable ${family}.${key}.`, {
      details: String(value),
    })
  }
  return {
    has,
    number,
    count: numberThat((value) => Number.isInteger(value) && value >= 1 && value <= mostOfAnything),
    positive: numberThat((value) => Number.isFinite(value) && value > 0),
    text: (key) => metadata.string(`${family}.${key}`),
  }
}

function refuseUnknownSettings({ number }: Settings): void {
  if (number('expert_count', 0) > 0) refuse('mixtures of experts')
  if (number('attn_logit_softcapping', 0) > 0) refuse('attention with capped scores')
  if (number('final_logit_softcapping', 0) > 0) refuse('models that cap their logits')
}

/** Positions may be divided evenly; other kinds of scaling bend the frequencies. */
function readRopeDivisor({ has, text, positive }: Settings): number {
  const kind = has('rope.scaling.type') ? text('rope.scaling.type') : 'none'
  if (kind === 'none') return 1
  if (kind === 'linear') return positive('rope.scaling.factor')
  return refuse(`rotary positions scaled by ${kind}`)
}

function refuseOddShapes(
  { layers, heads, kvHeads, headWidth, window }: ModelConfig,
  { number }: Settings,
): void {
  if (number('rope.dimension_count', headWidth) !== headWidth) refuse('partly rotated heads')
  if (number('attention.value_length', headWidth) !== headWidth) refuse('values of another width than keys')
  if (heads % kvHeads !== 0 || headWidth % 2 !== 0) refuse('heads of this shape')
  // The largest Gemma 3 divides its scores by another number than all others, and its file does not tell.
  if (window && layers === 62) refuse('Gemma 3 of 27 billion weights')
}

function refuse(what: string, details = ''): never {
  throw new EngineError('engine/unsupported-model', `Opentab cannot run ${what} yet.`, { details })
}
