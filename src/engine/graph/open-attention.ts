import { type Attention, cacheNames, type CachePart } from './attention.ts'
import { normHeads } from './attention-input.ts'
import type { GraphBuilder, Value } from './graph-builder.ts'
import { isWindowed, type ModelConfig } from './model-config.ts'
import type { Dim } from './onnx-encoding.ts'

/**
 * Attention from plain operators, for the processor. The heads that share a key become rows of one product,
 * which so never has a single row: the runtime multiplies that with another kernel and other last bits.
 *
 * Inputs: `position_ids [batch, tokens]`, `bias [batch, 1, tokens, capacity]` with −3e38 where a token must not look and
 * `window_bias` of the same shape where the family has windows, `past.N.key|value [batch, kvHeads, capacity, headWidth]`.
 * Outputs: the new rows, `present.N.key|value [batch, kvHeads, tokens, headWidth]`, which the caller keeps at their
 * positions.
 */
export const openAttention: Attention = {
  joinsTexts: true,
  open(graph, config, tablesOf) {
    const { heads, kvHeads, headWidth, window } = config
    const positions = graph.input('position_ids', 'int64', ['batch', 'tokens'])
    const bias = declareBias(graph, config, 'bias')
    const windowBias = window && declareBias(graph, config, 'window_bias')
    const rows = expandPositions(graph, positions, config)
    const allHeads = [heads + 2 * kvHeads, headWidth]
    const shapeByText = graph.extendShape(positions, allHeads)

    return (packed, layer) => {
      const [key, value] = [cacheNames.present(layer, 'key'), cacheNames.present(layer, 'value')]
      const { cos, sin } = tablesOf(layer)
      const rotate = (input: Value, output: Value) =>
        graph.applyContributed('RotaryEmbedding', [input, positions, cos, sin], {}, [output])
      const extendCache = (part: CachePart) => {
        const [past, present] = [cacheNames.past(layer, part), cacheNames.present(layer, part)]
        graph.input(past, 'float', ['batch', kvHeads, 'capacity', headWidth])
        graph.output(present, 'float', ['batch', kvHeads, 'tokens', headWidth])
        return graph.apply('ScatterElements', [past, rows, present], { axis: { int: 2 } })
      }

      const byText = graph.apply('Reshape', [packed, shapeByText])
      graph.describe(byText, ['batch', 'tokens', ...allHeads])
      const [plainQuery, plainKey] = splitHeads(graph, config, byText, value)
      const query = rotate(normHeads(graph, config, layer, 'q', plainQuery), graph.nextName('query'))
      rotate(normHeads(graph, config, layer, 'k', plainKey), key)
      const cache = { keys: extendCache('key'), values: extendCache('value') }
      const seen = windowBias && isWindowed(config, layer) ? windowBias : bias
      return attend(graph, config, query, cache, seen)
    }
  },
}

/** Queries that share a key, at least two: where each head has its own, one token would make a single row. */
function rowsPerKey({ heads, kvHeads }: ModelConfig): number {
  return Math.max(heads / kvHeads, 2)
}

/** Returns the bias of every row of a key's product: `[batch, 1, rowsPerKey × tokens, capacity]`. */
function declareBias(graph: GraphBuilder, config: ModelConfig, name: string): Value {
  const bias = graph.input(name, 'float', ['batch', 1, 'tokens', 'capacity'])
  const repeated = graph.apply('Expand', [bias, graph.int64s([1, rowsPerKey(config), 1, 1])])
  const joined = graph.apply('Reshape', [repeated, graph.int64s([0, 1, -1, 0])])
  return graph.describe(joined, ['batch', 1, 'queries', 'capacity'])
}

/** Where each new row goes, in the shape of the rows: `[batch, kvHeads, tokens, headWidth]`. */
function expandPositions(graph: GraphBuilder, positions: Value, { kvHeads, headWidth }: ModelConfig): Value {
  const spread = graph.apply('Reshape', [positions, graph.int64s([0, 1, -1, 1])])
  graph.describe(spread, ['batch', 1, 'tokens', 1], 'int64')
  return graph.apply('Expand', [spread, graph.int64s([1, kvHeads, 1, headWidth])])
}

/**
 * Takes all heads of each token, `[batch, tokens, heads, headWidth]`, apart. Returns queries and keys as
 * `[batch, heads, tokens, headWidth]`; values become the result of the given name.
 */
function splitHeads(
  graph: GraphBuilder,
  { heads, kvHeads }: ModelConfig,
  packed: Value,
  value: Value,
): [query: Value, key: Value] {
  const sizes = [heads, kvHeads, kvHeads]
  const byHead = graph.apply('Transpose', [packed], { perm: { ints: [0, 2, 1, 3] } })
  const results: [Value, Value, Value] = [graph.nextName('query'), graph.nextName('key'), value]
  const [query, key] = graph.applyMany('Split', [byHead, graph.int64s(sizes)], results, { axis: { int: 1 } })
  return [query, key]
}

function attend(
  graph: GraphBuilder,
  config: ModelConfig,
  query: Value,
  { keys, values }: { keys: Value; values: Value },
  bias: Value,
): Value {
  const { heads, kvHeads, headWidth } = config
  const reshape = (input: Value, sizes: number[], dims: Dim[]) =>
    graph.describe(graph.apply('Reshape', [input, graph.int64s(sizes)]), dims)
  const alone = heads === kvHeads
  const queries = alone
    ? graph.apply('Concat', [query, query], { axis: { int: 2 } })
    : reshape(query, [0, kvHeads, -1, headWidth], ['batch', kvHeads, 'queries', headWidth])
  const scores = graph.applyContributed('FusedMatMul', [queries, keys], {
    transB: { int: 1 },
    alpha: { float: 1 / Math.sqrt(headWidth) },
  })
  const masked = graph.apply('Add', [scores, bias])
  const attended = graph.apply('MatMul', [graph.apply('Softmax', [masked], { axis: { int: -1 } }), values])
  const rows = rowsPerKey(config) * kvHeads
  const byRow = reshape(attended, [0, rows, -1, headWidth], ['batch', rows, 'tokens', headWidth])
  const byHead = alone ? dropDoubles(graph, byRow, config) : byRow
  const byToken = graph.apply('Transpose', [byHead], { perm: { ints: [0, 2, 1, 3] } })
  return reshape(byToken, [1, -1, heads * headWidth], [1, 'rows', heads * headWidth])
}

/** Keeps the first of the two rows that each query made. */
function dropDoubles(graph: GraphBuilder, rows: Value, { heads }: ModelConfig): Value {
  const first = Array.from({ length: heads }, (_, head) => 2 * head)
  return graph.apply('Gather', [rows, graph.int64s(first)], { axis: { int: 1 } })
}
