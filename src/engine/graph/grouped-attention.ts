import { type Attention, type CachePart, cacheNames, cacheParts } from './attention.ts'
import { normHeads } from './attention-input.ts'
import type { GraphBuilder, Value } from './graph-builder.ts'
import { isWindowed, type ModelConfig } from './model-config.ts'

/** How a host hands the operator its cache. */
export type GroupedCache = {
  /** Name under which a layer's cache enters the graph. */
  past(layer: number, part: CachePart): Value
  /** Returns where each text's last token stands, `[batch]`, and how many tokens there are, `[]`; both int32. */
  declareLengths(graph: GraphBuilder): [lastPositions: Value, totalTokens: Value]
}

/**
 * Attention by the runtime's own operator, for WebGPU: the cache stays where it is computed.
 *
 * Inputs: `last_positions [batch]`, `total_tokens []`, `past.N.key|value [batch, kvHeads, past, headWidth]`.
 * Outputs: `present.N.key|value`, the cache with the new rows after the old.
 */
export const groupedAttention = createGroupedAttention({
  past: cacheNames.past,
  declareLengths: (graph) => [
    graph.input('last_positions', 'int32', ['batch_size']),
    graph.input('total_tokens', 'int32', []),
  ],
})

/** Returns the same attention for a host that hands over its cache in another way. */
export function createGroupedAttention(cache: GroupedCache): Attention {
  return {
    joinsTexts: false,
    open(graph, config, tablesOf) {
      const { heads, kvHeads, headWidth, window } = config
      const [lastPositions, totalTokens] = cache.declareLengths(graph)
      return (packed, layer) => {
        const projections = normProjections(graph, config, packed, layer)
        const past = cacheParts.map((part) =>
          graph.input(cache.past(layer, part), 'float', ['batch_size', kvHeads, 'past', headWidth]),
        )
        const present = cacheParts.map((part) => {
          const name = cacheNames.present(layer, part)
          graph.output(name, 'float', ['batch_size', kvHeads, 'total', headWidth])
          return name
        })
        const { cos, sin } = tablesOf(layer)
        const inputs = [...projections, ...past, lastPositions, totalTokens, cos, sin]
        const attributes = {
          num_heads: { int: heads },
          kv_num_heads: { int: kvHeads },
          scale: { float: 1 / Math.sqrt(headWidth) },
          do_rotary: { int: 1 },
          rotary_interleaved: { int: 0 },
          ...(window && isWindowed(config, layer) ? { local_window_size: { int: window.tokens } } : {}),
        }
        const attended = graph.nextName('GroupQueryAttention')
        return graph.applyContributed('GroupQueryAttention', inputs, attributes, [attended, ...present])
      }
    },
  }
}

/** Returns query, key and value: in one, or apart where each head's query and key are normalised. */
function normProjections(
  graph: GraphBuilder,
  config: ModelConfig,
  packed: Value,
  layer: number,
): [query: Value, key: Value, value: Value] {
  const { family, heads, kvHeads, headWidth } = config
  if (!family.headNorms) return [packed, '', '']
  const sizes = [heads, kvHeads, kvHeads].map((count) => count * headWidth)
  const [query, key, value] = graph.split(packed, sizes) as [Value, Value, Value]
  const normByHead = (input: Value, part: 'q' | 'k', count: number) => {
    const byHead = graph.apply('Reshape', [input, graph.int64s([0, 0, count, headWidth])])
    const normed = normHeads(graph, config, layer, part, byHead)
    return graph.apply('Reshape', [normed, graph.int64s([0, 0, count * headWidth])])
  }
  return [normByHead(query, 'q', heads), normByHead(key, 'k', kvHeads), value]
}
