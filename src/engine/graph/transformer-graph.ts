import { finishProjections } from './attention-input.ts'
import { gate } from './feed-forward.ts'
import { type BuiltGraph, GraphBuilder, type Value } from './graph-builder.ts'
import type { ModelConfig } from './model-config.ts'
import {
  type MatrixRows,
  attentionRows,
  divideOutputs,
  scaleInputs,
  stackRows,
  tensorRows,
} from './matrix-rows.ts'
import { declareNorm, normalise } from './norm.ts'
import type { Recipe } from './recipe.ts'
import { ResidualStream } from './residual-stream.ts'
import { declareRotaryTables } from './rotary-tables.ts'
import { type Smoothing, noSmoothing, smoothingPoints } from './smoothing.ts'

/** What may be chosen when a graph is built. */
export type GraphOptions = {
  /** Scales of the products' inputs; only recipes that smooth use them. */
  smoothing?: Smoothing
  /** Told of each product's input and weights, to measure them. */
  observe?: (graph: GraphBuilder, point: string, input: Value, weights: MatrixRows) => void
}

/**
 * Builds the graph of a model of any family.
 *
 * Inputs besides the attention's: `input_ids [batch, tokens]`, `logits_from [1]`, the first token of the
 * slice whose logits are wanted. Output: `logits [batch, wanted, vocabulary]`.
 */
export function buildTransformerGraph(
  config: ModelConfig,
  recipe: Recipe,
  positions: number,
  options: GraphOptions = {},
): BuiltGraph {
  const graph = new GraphBuilder()
  const { products } = recipe
  const { width, feedForwardWidth, vocabularySize, family } = config
  const smoothing = (recipe.smooth && options.smoothing) || noSmoothing
  const { observe = () => {} } = options
  const headsWidth = config.heads * config.headWidth
  const tokenIds = graph.input('input_ids', 'int64', ['batch', 'tokens'])
  const attend = recipe.attention.open(graph, config, declareRotaryTables(graph, config, positions))
  const multiply = (input: Value, point: string, name: string, rows: MatrixRows) => {
    observe(graph, point, input, rows)
    const scaled = scaleInputs(rows, smoothing.scalesOf(point, rows.inputs))
    return products.multiply(graph, input, products.declare(graph, name, scaled))
  }
  const finishBranch = (value: Value, tensor: string) =>
    family.branchNorms
      ? normalise(graph, value, declareNorm(graph, tensor, width), config.normEpsilon)
      : value

  const headScales = smoothing.scalesOf(smoothingPoints.head, width)
  const vocabularyRows = (tensor: string) => tensorRows(`${tensor}.weight`, width, vocabularySize)
  const vocabulary = (tensor: string, scales: Float32Array | null) =>
    products.declare(graph, tensor, scaleInputs(vocabularyRows(tensor), scales))
  const embedding = vocabulary('token_embd', config.tiedEmbedding ? headScales : null)
  const looked = products.lookUp(graph, tokenIds, embedding)
  const embedded = config.tiedEmbedding ? unscale(graph, looked, headScales) : looked
  const start = family.scaledEmbedding
    ? graph.apply('Mul', [embedded, graph.float(Math.sqrt(width))])
    : embedded
  const stream = new ResidualStream(graph, config, start)
  for (let layer = 0; layer < config.layers; layer++) {
    const block = `blk.${layer}`
    const { attentionInput, attentionOutput, feedForwardInput, feedForwardOutput } = smoothingPoints

    const attentionPoint = attentionInput(layer)
    const attendedScales = smoothing.scalesOf(attentionOutput(layer), headsWidth)
    const valueScales = attendedScales && firstOfEachGroup(attendedScales, config)
    const packed = multiply(
      stream.norm(`${block}.attn_norm`, smoothing.scalesOf(attentionPoint, width)),
      attentionPoint,
      `${block}.qkv`,
      attentionRows(config, layer, valueScales),
    )
    const attended = attend(finishProjections(graph, config, layer, packed, valueScales), layer)
    const output = tensorRows(`${block}.attn_output.weight`, headsWidth, width)
    const seen = multiply(attended, attentionOutput(layer), `${block}.attn_output`, output)
    stream.add(finishBranch(seen, `${block}.post_attention_norm`))

    const feedForwardPoint = feedForwardInput(layer)
    const fedScales = smoothing.scalesOf(feedForwardOutput(layer), feedForwardWidth)
    const gateAndUp = stackRows([
      tensorRows(`${block}.ffn_gate.weight`, width, feedForwardWidth),
      divideOutputs(tensorRows(`${block}.ffn_up.weight`, width, feedForwardWidth), fedScales),
    ])
    const normed = stream.norm(`${block}.ffn_norm`, smoothing.scalesOf(feedForwardPoint, width))
    const fed = gate(graph, multiply(normed, feedForwardPoint, `${block}.gate_up`, gateAndUp), config)
    const down = tensorRows(`${block}.ffn_down.weight`, feedForwardWidth, width)
    const thought = multiply(fed, feedForwardOutput(layer), `${block}.ffn_down`, down)
    stream.add(finishBranch(thought, `${block}.post_ffw_norm`))
  }

  const from = graph.input('logits_from', 'int64', [1])
  const normed = stream.norm('output_norm', headScales)
  const wanted = graph.apply('Slice', [normed, from, graph.int64s([2 ** 31 - 1]), graph.int64s([1])])
  observe(graph, smoothingPoints.head, wanted, vocabularyRows(config.tiedEmbedding ? 'token_embd' : 'output'))
  const head = config.tiedEmbedding ? embedding : vocabulary('output', headScales)
  graph.apply('Identity', [products.multiply(graph, wanted, head)], {}, 'logits')
  graph.output('logits', 'float', ['batch', 'wanted', vocabularySize])
  return graph.build()
}

/** The head's scales lie in the embedding too, where it serves both: what is looked up is divided by them again. */
function unscale(graph: GraphBuilder, input: Value, scales: Float32Array | null): Value {
  if (!scales) return input
  const [inverse] = graph.weights(
    [{ name: 'token_embd.unscale', type: 'float', dims: [scales.length] }],
    async () => [new Uint8Array(scales.map((scale) => 1 / scale).buffer)],
  ) as [Value]
  return graph.apply('Mul', [input, inverse])
}

/** Heads that share a value share its scales: those of the first one stand for all. */
function firstOfEachGroup(scales: Float32Array, { heads, kvHeads, headWidth }: ModelConfig): Float32Array {
  const group = heads / kvHeads
  return Float32Array.from({ length: kvHeads * headWidth }, (_, index) => {
    const kvHead = Math.floor(index / headWidth)
    return scales[kvHead * group * headWidth + (index % headWidth)]!
  })
}
