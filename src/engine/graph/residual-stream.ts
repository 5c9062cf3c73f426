import type { GraphBuilder, Value } from './graph-builder.ts'
import type { ModelConfig } from './model-config.ts'
import { declareNorm, normalise } from './norm.ts'

/** The running sum of what the layers add; the runtime adds and normalises in one operator. */
export class ResidualStream {
  readonly #graph: GraphBuilder
  readonly #config: ModelConfig
  #sum: Value
  #added: Value | null = null

  constructor(graph: GraphBuilder, config: ModelConfig, start: Value) {
    this.#graph = graph
    this.#config = config
    this.#sum = start
  }

  add(value: Value): void {
    this.#added = value
  }

  /** Returns the stream divided by its root mean square, scaled by the named tensor and divided by `scales`. */
  norm(tensor: string, scales: Float32Array | null): Value {
    const { width, normEpsilon } = this.#config
    const scale = declareNorm(this.#graph, tensor, width, scales)
    if (this.#added === null) return normalise(this.#graph, this.#sum, scale, normEpsilon)
    const normed = this.#graph.nextName('norm')
    const sum = this.#graph.nextName('sum')
    const inputs = [this.#sum, this.#added, scale]
    const attributes = { epsilon: { float: normEpsilon } }
    this.#graph.applyContributed('SkipSimplifiedLayerNormalization', inputs, attributes, [
      normed,
      '',
      '',
      sum,
    ])
    this.#sum = sum
    this.#added = null
    return normed
  }
}
