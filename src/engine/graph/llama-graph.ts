import type { TensorSource } from '../gguf/tensor-source.ts'
import { type BuiltGraph, GraphBuilder, type Value } from './graph-builder.ts'
import type { LlamaConfig } from './llama-config.ts'
import { attentionRows, stackRows, tensorRows } from './matrix-rows.ts'
import type { Recipe } from './recipe.ts'
import { declareRotaryTables } from './rotary-tables.ts'

/**
 * Builds the graph of a llama-family model.
 *
 * Inputs besides the attention's: `input_ids [batch, tokens]`, `logits_from [1]`, the first token of the
 * slice whose logits are wanted. Output: `logits [batch, wanted, vocabulary]`.
 */
export function buildLlamaGraph(config: LlamaConfig, recipe: Recipe, positions: number): BuiltGraph {
  const graph = new GraphBuilder()
  const { products } = recipe
  const { width, feedForwardWidth, vocabularySize } = config
  const tokenIds = graph.input('input_ids', 'int64', ['batch', 'tokens'])
  const tables = declareRotaryTables(graph, config, positions)
  const attend = recipe.attention.open(graph, config, tables)
  const vocabulary = (tensor: string) =>
    products.declare(graph, tensor, tensorRows(`${tensor}.weight`, width, vocabularySize))
  const multiply = (input: Value, name: string, rows: ReturnType<typeof tensorRows>) =>
    products.multiply(graph, input, products.declare(graph, name, rows))

  const embedding = vocabulary('token_embd')
  const stream = new ResidualStream(graph, config, products.lookUp(graph, tokenIds, embedding))
  for (let layer = 0; layer < config.layers; layer++) {
    const block = `blk.${layer}`
    const packed = multiply(stream.norm(`${block}.attn_norm`), `${block}.qkv`, attentionRows(config, layer))
    const attended = attend(packed, layer)
    const headsWidth = config.heads * config.headWidth
    const output = tensorRows(`${block}.attn_output.weight`, headsWidth, width)
    stream.add(multiply(attended, `${block}.attn_output`, output))

    const gateAndUp = stackRows([
      tensorRows(`${block}.ffn_gate.weight`, width, feedForwardWidth),
      tensorRows(`${block}.ffn_up.weight`, width, feedForwardWidth),
    ])
    const fed = gate(graph, multiply(stream.norm(`${block}.ffn_norm`), `${block}.gate_up`, gateAndUp), config)
    const down = tensorRows(`${block}.ffn_down.weight`, feedForwardWidth, width)
    stream.add(multiply(fed, `${block}.ffn_down`, down))
  }

  const from = graph.input('logits_from', 'int64', [1])
  const normed = stream.norm('output_norm')
  const wanted = graph.apply('Slice', [normed, from, graph.int64s([2 ** 31 - 1]), graph.int64s([1])])
  const head = config.tiedEmbedding ? embedding : vocabulary('output')
  graph.apply('Identity', [products.multiply(graph, wanted, head)], {}, 'logits')
  graph.output('logits', 'float', ['batch', 'wanted', vocabularySize])
  return graph.build()
}

/** SiLU of the first half times the second. */
function gate(graph: GraphBuilder, gateAndUp: Value, { feedForwardWidth }: LlamaConfig): Value {
  const [gated, up] = graph.split(gateAndUp, [feedForwardWidth, feedForwardWidth]) as [Value, Value]
  const silu = graph.apply('Mul', [gated, graph.apply('Sigmoid', [gated])])
  return graph.apply('Mul', [silu, up])
}

/** The running sum of what the layers add; the runtime adds and normalises in one operator. */
class ResidualStream {
  readonly #graph: GraphBuilder
  readonly #config: LlamaConfig
  #sum: Value
  #added: Value | null = null

  constructor(graph: GraphBuilder, config: LlamaConfig, start: Value) {
    this.#graph = graph
    this.#config = config
    this.#sum = start
  }

  add(value: Value): void {
    this.#added = value
  }

  /** Returns the stream divided by its root mean square and scaled by the named tensor. */
  norm(tensor: string): Value {
    const { width, normEpsilon } = this.#config
    const epsilon = { float: normEpsilon }
    const [scale] = this.#graph.weights(
      [{ name: tensor, type: 'float', dims: [width] }],
      async (source: TensorSource) => [new Uint8Array((await source.read(`${tensor}.weight`)).buffer)],
    ) as [Value]
    if (this.#added === null) {
      const attributes = { axis: { int: -1 }, epsilon, stash_type: { int: 1 } }
      return this.#graph.apply('SimplifiedLayerNormalization', [this.#sum, scale], attributes)
    }
    const normed = this.#graph.nextName('norm')
    const sum = this.#graph.nextName('sum')
    const inputs = [this.#sum, this.#added, scale]
    const outputs = [normed, '', '', sum]
    this.#graph.applyContributed('SkipSimplifiedLayerNormalization', inputs, { epsilon }, outputs)
    this.#sum = sum
    this.#added = null
    return normed
  }
}
