import { type Attention, cacheNames, type CachePart } from './attention.ts'
import { splitProjections } from './attention-input.ts'
import type { GraphBuilder, Value } from './graph-builder.ts'
import { isWindowed, type ModelConfig } from './model-config.ts'

/**
 * Attention from plain operators, for the processor. The heads that share a key become rows of one product,
 * which so never has a single row: the runtime multiplies that with another kernel and other last bits.
 *
 * Inputs: `position_ids [batch, tokens]`, `bias [batch, 1, 1, tokens, capacity]` with −3e38 where a token
 * must not look and `window_bias` of the same shape where the family has windows, `past.N.key|value [batch, kvHeads, capacity, headWidth]`. Outputs: the new rows,
 * `present.N.key|value [batch, kvHeads, tokens, headWidth]`, which the caller keeps at their positions.
 */
export const openAttention: Attention = {
  open(graph, config, tablesOf) {
    const { kvHeads, heads } = config
    const positions = graph.input('position_ids', 'int64', ['batch', 'tokens'])
    const biasInput = (name: string) => graph.input(name, 'float', ['batch', 1, 1, 'tokens', 'capacity'])
    const bias = biasInput('bias')
    const windowBias = config.window && biasInput('window_bias')
    const rows = expandPositions(graph, positions, config)

    return (input, layer) => {
      const [query, key, value] = typeof input === 'string' ? splitProjections(graph, config, input) : input
      const { cos, sin } = tablesOf(layer)
      const rotate = (rotated: Value, count: number) =>
        graph.applyContributed('RotaryEmbedding', [rotated, positions, cos, sin], {
          num_heads: { int: count },
          rotary_embedding_dim: { int: 0 },
          interleaved: { int: 0 },
        })
      const seen = windowBias && isWindowed(config, layer) ? windowBias : bias
      const keys = extendCache(graph, config, layer, 'key', rotate(key, kvHeads), rows)
      const values = extendCache(graph, config, layer, 'value', value, rows)
      return attend(graph, config, rotate(query, heads), keys, values, seen)
    }
  },
}

/** Where each new row goes, in the shape of the rows: `[batch, kvHeads, tokens, headWidth]`. */
function expandPositions(graph: GraphBuilder, positions: Value, { kvHeads, headWidth }: ModelConfig): Value {
  const batch = graph.apply('Shape', [positions], { start: { int: 0 }, end: { int: 1 } })
  const tokens = graph.apply('Shape', [positions], { start: { int: 1 }, end: { int: 2 } })
  const shape = graph.apply('Concat', [batch, graph.int64s([kvHeads]), tokens, graph.int64s([headWidth])], {
    axis: { int: 0 },
  })
  const spread = graph.apply('Reshape', [positions, graph.int64s([0, 1, -1, 1])])
  return graph.apply('Expand', [spread, shape])
}

function extendCache(
  graph: GraphBuilder,
  { kvHeads, headWidth }: ModelConfig,
  layer: number,
  part: CachePart,
  input: Value,
  rows: Value,
): Value {
  const shape: (number | string)[] = ['batch', kvHeads, 'capacity', headWidth]
  const past = graph.input(cacheNames.past(layer, part), 'float', shape)
  const split = graph.apply('Reshape', [input, graph.int64s([0, 0, kvHeads, headWidth])])
  const present = cacheNames.present(layer, part)
  graph.apply('Transpose', [split], { perm: { ints: [0, 2, 1, 3] } }, present)
  graph.output(present, 'float', ['batch', kvHeads, 'tokens', headWidth])
  return graph.apply('ScatterElements', [past, rows, present], { axis: { int: 2 } })
}

function attend(
  graph: GraphBuilder,
  { heads, kvHeads, headWidth }: ModelConfig,
  query: Value,
  keys: Value,
  values: Value,
  bias: Value,
): Value {
  const group = heads / kvHeads
  const reshape = (input: Value, shape: number[]) => graph.apply('Reshape', [input, graph.int64s(shape)])
  const byHead = reshape(query, [0, 0, kvHeads, group, headWidth])
  const byGroup = graph.apply('Transpose', [byHead], { perm: { ints: [0, 2, 3, 1, 4] } })
  // A group of one head is doubled, so that one token still makes two rows.
  const folded = group === 1 ? graph.apply('Concat', [byGroup, byGroup], { axis: { int: 2 } }) : byGroup
  const queries = reshape(folded, [0, kvHeads, -1, headWidth])
  const scores = graph.applyContributed('FusedMatMul', [queries, keys], {
    transB: { int: 1 },
    alpha: { float: 1 / Math.sqrt(headWidth) },
  })
  const rowsPerKey = Math.max(group, 2)
  const capacity = graph.apply('Shape', [keys], { start: { int: 2 }, end: { int: 3 } })
  const withCapacity = (input: Value, shape: number[]) =>
    graph.apply('Reshape', [
      input,
      graph.apply('Concat', [graph.int64s(shape), capacity], { axis: { int: 0 } }),
    ])
  const masked = graph.apply('Add', [withCapacity(scores, [0, kvHeads, rowsPerKey, -1]), bias])
  const shares = graph.apply('Softmax', [masked], { axis: { int: -1 } })
  const attended = graph.apply('MatMul', [withCapacity(shares, [0, kvHeads, -1]), values])
  const unfolded = reshape(attended, [0, kvHeads, rowsPerKey, -1, headWidth])
  const real = group === 1 ? graph.apply('Slice', [unfolded, ...sliceFirst(graph)]) : unfolded
  const byToken = graph.apply('Transpose', [real], { perm: { ints: [0, 3, 1, 2, 4] } })
  return reshape(byToken, [0, 0, heads * headWidth])
}

/** Start, end and axis that keep the first of the doubled heads. */
function sliceFirst(graph: GraphBuilder): Value[] {
  return [graph.int64s([0]), graph.int64s([1]), graph.int64s([2])]
}
