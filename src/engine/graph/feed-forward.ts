import type { Family } from './family.ts'
import type { GraphBuilder, Value } from './graph-builder.ts'
import type { ModelConfig } from './model-config.ts'

/** The activation of the first half times the second. */
export function gate(
  graph: GraphBuilder,
  gateAndUp: Value,
  { feedForwardWidth, family }: ModelConfig,
): Value {
  const [gated, up] = graph.split(gateAndUp, [feedForwardWidth, feedForwardWidth]) as [Value, Value]
  return graph.apply('Mul', [activations[family.activation](graph, gated), up])
}

const activations: Record<Family['activation'], (graph: GraphBuilder, input: Value) => Value> = {
  /** x · sigmoid(x). */
  silu: (graph, input) => graph.applyContributed('QuickGelu', [input], { alpha: { float: 1 } }),
  /** The tanh form of GELU is x · sigmoid(√(8/π) (x + 0.044715 x³)). */
  gelu(graph, input) {
    const square = graph.apply('Mul', [input, input])
    const cubic = graph.apply('Mul', [square, graph.float(geluSlope * 0.044715)])
    const logits = graph.apply('Mul', [input, graph.apply('Add', [cubic, graph.float(geluSlope)])])
    return graph.apply('Mul', [input, graph.apply('Sigmoid', [logits])])
  },
}

const geluSlope = Math.sqrt(8 / Math.PI)
