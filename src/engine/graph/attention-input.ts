import { floatsIn, type GraphBuilder, type Value } from './graph-builder.ts'
import { attentionBias } from './matrix-rows.ts'
import type { ModelConfig } from './model-config.ts'
import { declareNorm, normalise } from './norm.ts'

/** What attention starts from: query, key and value in one, or apart where a family treats them differently. */
export type AttentionInput = Value | readonly [query: Value, key: Value, value: Value]

/** Adds to a layer's projections what its family wants before rotation. Values are divided by `valueScales`. */
export function finishProjections(
  graph: GraphBuilder,
  config: ModelConfig,
  layer: number,
  packed: Value,
  valueScales: Float32Array | null,
): AttentionInput {
  const { projectionBias, headNorms } = config.family
  const biased = projectionBias ? addBias(graph, config, layer, packed, valueScales) : packed
  return headNorms ? normHeads(graph, config, layer, biased) : biased
}

/** Splits what holds query, key and value in one. */
export function splitProjections(
  graph: GraphBuilder,
  { heads, kvHeads, headWidth }: ModelConfig,
  packed: Value,
): [query: Value, key: Value, value: Value] {
  const sizes = [heads, kvHeads, kvHeads].map((count) => count * headWidth)
  return graph.split(packed, sizes) as [Value, Value, Value]
}

function addBias(
  graph: GraphBuilder,
  config: ModelConfig,
  layer: number,
  packed: Value,
  valueScales: Float32Array | null,
): Value {
  const { heads, kvHeads, headWidth } = config
  const dims = [(heads + 2 * kvHeads) * headWidth]
  const [bias] = graph.weights([{ name: `blk.${layer}.qkv.bias`, type: 'float', dims }], async (source) => {
    const numbers = await attentionBias(source, layer, dims[0]!, valueScales)
    return (place) => floatsIn(place).set(numbers)
  }) as [Value]
  // As an addition the runtime would join it with the product of integers, and then scale all rows alike.
  return graph.apply('Sub', [packed, graph.apply('Neg', [bias])])
}

function normHeads(graph: GraphBuilder, config: ModelConfig, layer: number, packed: Value): AttentionInput {
  const { heads, kvHeads, headWidth, normEpsilon } = config
  const [query, key, value] = splitProjections(graph, config, packed)
  const norm = (input: Value, name: string, count: number) => {
    const scale = declareNorm(graph, `blk.${layer}.${name}`, headWidth)
    const byHead = graph.apply('Reshape', [input, graph.int64s([0, 0, count, headWidth])])
    const normed = normalise(graph, byHead, scale, normEpsilon)
    return graph.apply('Reshape', [normed, graph.int64s([0, 0, count * headWidth])])
  }
  return [norm(query, 'attn_q_norm', heads), norm(key, 'attn_k_norm', kvHeads), value]
}
