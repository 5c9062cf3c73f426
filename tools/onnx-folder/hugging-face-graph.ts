import { blockProducts } from '../../src/engine/graph/block-products.ts'
import { floatProducts } from '../../src/engine/graph/float-products.ts'
import { type BuiltGraph, GraphBuilder, type Value } from '../../src/engine/graph/graph-builder.ts'
import { createGroupedAttention } from '../../src/engine/graph/grouped-attention.ts'
import type { ModelConfig } from '../../src/engine/graph/model-config.ts'
import { elementTypes } from '../../src/engine/graph/onnx-encoding.ts'
import type { Products } from '../../src/engine/graph/products.ts'
import { buildTransformerGraph } from '../../src/engine/graph/transformer-graph.ts'
import { dynamicProducts } from './dynamic-products.ts'
import { HalfGraph } from './half-graph.ts'
import { nibbleProducts } from './nibble-products.ts'

/**
 * What products are computed with, by transformers.js's names: floats, 8-bit blocks as on WebGPU, integers, and 4-bit
 * blocks with all else in half precision.
 */
export type FolderType = 'fp32' | 'int8' | 'q8' | 'q4f16'

/** Products of each type, how transformers.js ends the name of its file, and how precise its floats are. */
export const folderTypes: Record<
  FolderType,
  { products: Products; suffix: string; Graph: typeof GraphBuilder }
> = {
  fp32: { products: floatProducts, suffix: '', Graph: GraphBuilder },
  int8: { products: blockProducts, suffix: '_int8', Graph: GraphBuilder },
  q8: { products: dynamicProducts, suffix: '_quantized', Graph: GraphBuilder },
  q4f16: { products: nibbleProducts, suffix: '_q4f16', Graph: HalfGraph },
}

/**
 * Builds the graph of a decoder as transformers.js runs it.
 *
 * Inputs: `input_ids [batch, tokens]`, `attention_mask [batch_size, total]`, `num_logits_to_keep []` (0 for all),
 * `past_key_values.N.key|value [batch_size, kvHeads, past, headWidth]`.
 * Outputs: `logits [batch, wanted, vocabulary]`, `present.N.key|value`.
 */
export function buildHuggingFaceGraph(
  config: ModelConfig,
  type: FolderType,
  positions: number,
  weightsPath: string,
): BuiltGraph {
  const { products, Graph } = folderTypes[type]
  const attention = createGroupedAttention({
    past: (layer, part) => `past_key_values.${layer}.${part}`,
    declareLengths,
  })
  const recipe = {
    backend: 'wasm',
    products,
    attention,
    smooth: false,
    exact: false,
  } as const
  const results = { declareLogitsFrom, states: false }
  return buildTransformerGraph(config, recipe, positions, { results, graph: new Graph(weightsPath) })
}

/** The mask has a one for each token so far, those of this step included. */
function declareLengths(graph: GraphBuilder): [lastPositions: Value, totalTokens: Value] {
  const mask = graph.input('attention_mask', 'int64', ['batch_size', 'total'])
  const counted = graph.apply('ReduceSum', [mask, graph.int64s([1])], { keepdims: { int: 0 } })
  const last = graph.apply('Sub', [counted, graph.int64s([1])])
  const total = graph.apply('Squeeze', [graph.apply('Shape', [mask], { start: { int: 1 } })])
  const int32 = { to: { int: elementTypes.int32.number } }
  return [graph.apply('Cast', [last], int32), graph.apply('Cast', [total], int32)]
}

/** So many of the last tokens; as none are the same as all, so is their negative. */
function declareLogitsFrom(graph: GraphBuilder): Value {
  const kept = graph.input('num_logits_to_keep', 'int64', [])
  return graph.apply('Unsqueeze', [graph.apply('Neg', [kept]), graph.int64s([0])])
}
