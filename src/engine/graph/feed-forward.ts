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
  const opened = graph.apply('Mul', [
    gated,
    graph.apply('Sigmoid', [logitsOf[family.activation](graph, gated)]),
  ])
  return graph.apply('Mul', [opened, up])
}

/** Both activations are x · sigmoid(f(x)): SiLU with f(x) = x, the tanh form of GELU with f(x) = √(8/π) (x + 0.044715 x³). */
const logitsOf: Record<Family['activation'], (graph: GraphBuilder, input: Value) => Value> = {
  silu: (_graph, input) => input,
  gelu(graph, input) {
    const square = graph.apply('Mul', [input, input])
    const cubic = graph.apply('Mul', [square, graph.float(geluSlope * 0.044715)])
    return graph.apply('Mul', [input, graph.apply('Add', [cubic, graph.float(geluSlope)])])
  },
}

const geluSlope = Math.sqrt(8 / Math.PI)
