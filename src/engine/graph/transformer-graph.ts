import type { LayerAttention } from './attention.ts'
import { addProjectionBias } from './attention-input.ts'
import { gate } from './feed-forward.ts'
import { type BuiltGraph, floatsIn, GraphBuilder, type Value } from './graph-builder.ts'
import { type MatrixRows, attentionRows, divideOutputs, stackRows, tensorRows } from './matrix-rows.ts'
import type { ModelConfig } from './model-config.ts'
import { declareNorm, normalise } from './norm.ts'
import { type Matrix, multiplyInParts, type Products } from './products.ts'
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
  /** How results are asked for; by default the engine's own way. */
  results?: GraphResults
  /** What the graph is built in; by default one whose weights lie where the engine's own do. */
  graph?: GraphBuilder
}

/** How a host asks a graph for its results. */
export type GraphResults = {
  /** Returns from which token of the slice on logits are wanted, `[1]`; a negative one counts from the end. */
  declareLogitsFrom(graph: GraphBuilder): Value
  /** Whether `states` are a result too. */
  states: boolean
}

const ownResults: GraphResults = {
  declareLogitsFrom: (graph) => graph.input('logits_from', 'int64', [1]),
  states: true,
}

/** A graph while it is built. */
type Building = {
  graph: GraphBuilder
  config: ModelConfig
  products: Products
  smoothing: Smoothing
  observe: NonNullable<GraphOptions['observe']>
  results: GraphResults
}

/**
 * Builds the graph of a model of any family.
 *
 * Inputs besides the attention's: `input_ids [batch, tokens]`, `logits_from [1]`, the first token of the
 * slice whose logits are wanted. Outputs: `logits [batch, wanted, vocabulary]`, and `states [batch, wanted, width]`,
 * which they are computed from.
 */
export function buildTransformerGraph(
  config: ModelConfig,
  recipe: Recipe,
  positions: number,
  options: GraphOptions = {},
): BuiltGraph {
  const { observe = () => {}, results = ownResults, graph = new GraphBuilder() } = options
  const smoothing = (recipe.smooth && options.smoothing) || noSmoothing
  const building = { graph, config, products: recipe.products, smoothing, observe, results }
  const tokenIds = graph.input('input_ids', 'int64', ['batch', 'tokens'])
  const attend = recipe.attention.open(graph, config, declareRotaryTables(graph, config, positions))
  const embedding = declareVocabulary(building, 'token_embd', config.tiedEmbedding)
  const stream = new ResidualStream(graph, config, embed(building, tokenIds, embedding))
  for (let layer = 0; layer < config.layers; layer++) {
    addAttention(building, stream, attend, layer)
    addFeedForward(building, stream, layer)
  }
  addHead(building, stream, embedding)
  return graph.build()
}

/** Looks the tokens up. */
function embed({ graph, config, products, smoothing }: Building, tokenIds: Value, embedding: Matrix): Value {
  const { family, tiedEmbedding, width } = config
  const looked = products.lookUp(graph, tokenIds, embedding)
  const scales = tiedEmbedding ? smoothing.scalesOf(smoothingPoints.head, width) : null
  const embedded = unscale(graph, looked, scales)
  return family.scaledEmbedding ? graph.apply('Mul', [embedded, graph.float(Math.sqrt(width))]) : embedded
}

function addAttention(
  building: Building,
  stream: ResidualStream,
  attend: LayerAttention,
  layer: number,
): void {
  const { graph, config, smoothing } = building
  const { width, heads, headWidth } = config
  const block = `blk.${layer}`
  const point = smoothingPoints.attentionInput(layer)
  const outputPoint = smoothingPoints.attentionOutput(layer)
  const outputScales = smoothing.scalesOf(outputPoint, heads * headWidth)
  const valueScales = outputScales && firstOfEachGroup(outputScales, config)
  const normed = stream.norm(`${block}.attn_norm`, smoothing.scalesOf(point, width))
  const projections = attentionRows(config, layer, valueScales)
  const packed = multiply(building, normed, point, `${block}.qkv`, projections)
  const attended = attend(addProjectionBias(graph, config, layer, packed, valueScales), layer)
  const rows = tensorRows(`${block}.attn_output.weight`, heads * headWidth, width)
  const output = multiply(building, attended, outputPoint, `${block}.attn_output`, rows)
  stream.add(finishBranch(building, output, `${block}.post_attention_norm`))
}

function addFeedForward(building: Building, stream: ResidualStream, layer: number): void {
  const { graph, config, smoothing } = building
  const { width, feedForwardWidth } = config
  const block = `blk.${layer}`
  const point = smoothingPoints.feedForwardInput(layer)
  const outputPoint = smoothingPoints.feedForwardOutput(layer)
  const gateAndUp = stackRows([
    tensorRows(`${block}.ffn_gate.weight`, width, feedForwardWidth),
    divideOutputs(
      tensorRows(`${block}.ffn_up.weight`, width, feedForwardWidth),
      smoothing.scalesOf(outputPoint, feedForwardWidth),
    ),
  ])
  const normed = stream.norm(`${block}.ffn_norm`, smoothing.scalesOf(point, width))
  const sizes = [feedForwardWidth, feedForwardWidth] as const
  const halves = multiplyApart(building, normed, point, `${block}.gate_up`, gateAndUp, sizes)
  const gated = gate(graph, halves, config)
  const rows = tensorRows(`${block}.ffn_down.weight`, feedForwardWidth, width)
  const output = multiply(building, gated, outputPoint, `${block}.ffn_down`, rows)
  stream.add(finishBranch(building, output, `${block}.post_ffw_norm`))
}

/** Computes the logits of the last tokens; the embedding may serve as the matrix. */
function addHead(building: Building, stream: ResidualStream, embedding: Matrix): void {
  const { graph, config, products, smoothing, observe, results } = building
  const { width, vocabularySize, tiedEmbedding } = config
  const from = results.declareLogitsFrom(graph)
  const scales = smoothing.scalesOf(smoothingPoints.head, width)
  const normed = stream.norm('output_norm', scales)
  const wanted = graph.apply('Slice', [normed, from, graph.int64s([2 ** 31 - 1]), graph.int64s([1])])
  if (results.states) addStates(building, wanted, scales)
  const tensor = tiedEmbedding ? 'token_embd' : 'output'
  observe(graph, smoothingPoints.head, wanted, vocabularyRows(config, tensor))
  const head = tiedEmbedding ? embedding : declareVocabulary(building, tensor, true)
  const [logits] = multiplyInParts(products, graph, wanted, head, [vocabularySize])
  graph.apply('Identity', [logits], {}, 'logits')
  graph.output('logits', 'float', ['batch', 'wanted', vocabularySize])
}

/** Declares what the head takes in as a result, free of the scales that only the head's weights know. */
function addStates({ graph, config }: Building, wanted: Value, scales: Float32Array | null): void {
  let states = wanted
  if (scales) {
    const [factors] = graph.weights(
      [{ name: 'states.scales', type: 'float', dims: [scales.length] }],
      async () => (place) => floatsIn(place).set(scales),
    ) as [Value]
    states = graph.apply('Mul', [wanted, factors])
  }
  graph.apply('Identity', [states], {}, 'states')
  graph.output('states', 'float', ['batch', 'wanted', config.width])
}

function multiply(building: Building, input: Value, point: string, name: string, rows: MatrixRows): Value {
  return multiplyApart(building, input, point, name, rows, [rows.outputs])[0]
}

/** Returns the outputs in parts of those sizes. */
function multiplyApart<const sizes extends readonly number[]>(
  { graph, products, smoothing, observe }: Building,
  input: Value,
  point: string,
  name: string,
  rows: MatrixRows,
  sizes: sizes,
): { [part in keyof sizes]: Value } {
  observe(graph, point, input, rows)
  const inputScales = smoothing.scalesOf(point, rows.inputs)
  const matrix = products.declare(graph, name, { ...rows, inputScales })
  return multiplyInParts(products, graph, input, matrix, sizes)
}

function finishBranch({ graph, config }: Building, value: Value, tensor: string): Value {
  if (!config.family.branchNorms) return value
  return normalise(graph, value, declareNorm(graph, tensor, config.width), config.normEpsilon)
}

/** A row for each token; scaled where it is to compute the logits. */
function declareVocabulary(
  { graph, config, products, smoothing }: Building,
  tensor: string,
  isHead: boolean,
): Matrix {
  const inputScales = isHead ? smoothing.scalesOf(smoothingPoints.head, config.width) : null
  return products.declare(graph, tensor, { ...vocabularyRows(config, tensor), inputScales })
}

function vocabularyRows({ width, vocabularySize }: ModelConfig, tensor: string): MatrixRows {
  return tensorRows(`${tensor}.weight`, width, vocabularySize)
}

/** The head's scales lie in the embedding too, where it serves both: what is looked up is divided by them again. */
function unscale(graph: GraphBuilder, input: Value, scales: Float32Array | null): Value {
  if (!scales) return input
  const [inverse] = graph.weights(
    [{ name: 'token_embd.unscale', type: 'float', dims: [scales.length] }],
    async () => (place) => floatsIn(place).set(scales.map((scale) => 1 / scale)),
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
