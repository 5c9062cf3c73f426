import { type Attention, cacheNames, cacheParts } from './attention.ts'
import { isWindowed } from './model-config.ts'

/**
 * Attention by the runtime's own operator, for WebGPU: the cache stays where it is computed.
 *
 * Inputs: `last_positions [batch]`, `total_tokens []`, `past.N.key|value [batch, kvHeads, past, headWidth]`.
 * Outputs: `present.N.key|value`, the cache with the new rows after the old.
 */
export const groupedAttention: Attention = {
  open(graph, config, tablesOf) {
    const { heads, kvHeads, headWidth, window } = config
    const lastPositions = graph.input('last_positions', 'int32', ['batch'])
    const totalTokens = graph.input('total_tokens', 'int32', [])
    return (input, layer) => {
      const past = cacheParts.map((part) => {
        const name = cacheNames.past(layer, part)
        return graph.input(name, 'float', ['batch', kvHeads, 'past', headWidth])
      })
      const present = cacheParts.map((part) => {
        const name = cacheNames.present(layer, part)
        graph.output(name, 'float', ['batch', kvHeads, 'total', headWidth])
        return name
      })
      const { cos, sin } = tablesOf(layer)
      const projected = typeof input === 'string' ? [input, '', ''] : input
      const inputs = [...projected, ...past, lastPositions, totalTokens, cos, sin]
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
