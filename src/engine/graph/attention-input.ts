import { floatsIn, type GraphBuilder, type Value } from './graph-builder.ts'
import { attentionBias } from './matrix-rows.ts'
import type { ModelConfig } from './model-config.ts'
import { declareNorm, normalise } from './norm.ts'

/**
 * Adds a layer's bias to its projections, query, key and value in one, where the family has one; the value's is divided by
 * `valueScales`.
 */
export function addProjectionBias(
  graph: GraphBuilder,
  { family, heads, kvHeads, headWidth }: ModelConfig,
  layer: number,
  packed: Value,
  valueScales: Float32Array | null,
): Value {
  if (!family.projectionBias) return packed
  const dims = [(heads + 2 * kvHeads) * headWidth]
  const [bias] = graph.weights([{ name: `blk.${layer}.qkv.bias`, type: 'float', dims }], async (source) => {
    const numbers = await attentionBias(source, layer, dims[0]!, valueScales)
    return (place) => floatsIn(place).set(numbers)
  }) as [Value]
  return graph.apply('Add', [packed, bias])
}

/** Normalises each head's query, or key, whose numbers are the last axis, where the family does so before they rotate. */
export function normHeads(
  graph: GraphBuilder,
  { family, headWidth, normEpsilon }: ModelConfig,
  layer: number,
  part: 'q' | 'k',
  input: Value,
): Value {
  if (!family.headNorms) return input
  const scale = declareNorm(graph, `blk.${layer}.attn_${part}_norm`, headWidth)
  return normalise(graph, input, scale, normEpsilon)
}
