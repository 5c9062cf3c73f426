import type { LayerAttention } from './attention.ts'
import { addProjectionBias } from './attention-input.ts'
import { gate } from './feed-forward.ts'
import { type BuiltGraph, floatsIn, GraphBuilder, type Value } from './graph-builder.ts'
import { type MatrixRows, attentionRows, divideOutputs, stackRows, tensorRows } from './matrix-rows.ts'
import type { ModelConfig } from './model-config.ts'
import { declareNorm, normalise } from './norm.ts'
import type { Matrix, Products } from './products.ts'
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
  /** The tokens of each text, `[batch, tokens]`. */
  tokenIds: Value
  joinsTexts: boolean
}

/**
 * Builds the graph of a model of any family.
 *
 * Inputs besides the attention's: `input_ids [batch, tokens]`, `logits_from [1]`, the first token of the
 * slice whose logits are wanted. Outputs: `logits [batch, wanted, vocabulary]`, and `states [batch, wanted, width]`,
 * which they are computed from; where texts are joined they are as `[1, batch × wanted, …]`.
 */
export function buildTransformerGraph(
  config: ModelConfig,
  recipe: Recipe,
  positions: number,
  options: GraphOptions = {},
): BuiltGraph {
  const { observe = () => {}, results = ownResults, graph = new GraphBuilder() } = options
  const { products, attention } = recipe
  const smoothing = (recipe.smooth && options.smoothing) || noSmoothing
  const tokenIds = graph.input('input_ids', 'int64', ['batch', 'tokens'])
  const { joinsTexts } = attention
  const building = { graph, config, products, smoothing, observe, results, tokenIds, joinsTexts }
  const attend = attention.open(graph, config, declareRotaryTables(graph, config, positions))
  const embedding = declareVocabulary(building, 'token_embd', config.tiedEmbedding)
  const stream = new ResidualStream(graph, config, embed(building, embedding))
  for (let layer = 0; layer < config.layers; layer++) {
    addAttention(building, stream, attend, layer)
    addFeedForward(building, stream, layer)
  }
  addHead(building, stream, embedding)
  return graph.build()
}

/** Looks the tokens up. */
function embed(building: Building, embedding: Matrix): Value {
  const { graph, config, products, smoothing, tokenIds, joinsTexts } = building
  const { family, tiedEmbedding, width } = config
  const looked = products.lookUp(graph, joinsTexts ? joinTexts(graph, tokenIds) : tokenIds, embedding)
  const scales = tiedEmbedding ? smoothing.scalesOf(smoothingPoints.head, width) : null
  const embedded = unscale(graph, looked, scales)
  return family.scaledEmbedding ? graph.apply('Mul', [embedded, graph.float(Math.sqrt(width))]) : embedded
}

/** Returns the tokens of all texts, one after the other: `[1, rows]`. */
function joinTexts(graph: GraphBuilder, tokenIds: Value): Value {
  const joined = graph.apply('Reshape', [tokenIds, graph.int64s([1, -1])])
  return graph.describe(joined, [1, 'rows'], 'int64')
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
  const gated = gate(graph, multiply(building, normed, point, `${block}.gate_up`, gateAndUp), config)
  const rows = tensorRows(`${block}.ffn_down.weight`, feedForwardWidth, width)
  const output = multiply(building, gated, outputPoint, `${block}.ffn_down`, rows)
  stream.add(finishBranch(building, output, `${block}.post_ffw_norm`))
}

/** Computes the logits of the last tokens; the embedding may serve as the matrix. */
function addHead(building: Building, stream: ResidualStream, embedding: Matrix): void {
  const { graph, config, products, smoothing, observe, results, joinsTexts } = building
  const { width, vocabularySize, tiedEmbedding } = config
  const from = results.declareLogitsFrom(graph)
  const scales = smoothing.scalesOf(smoothingPoints.head, width)
  const wanted = pickWanted(building, stream.norm('output_norm', scales), from)
  if (results.states) addStates(building, wanted, scales)
  const tensor = tiedEmbedding ? 'token_embd' : 'output'
  observe(graph, smoothingPoints.head, wanted, vocabularyRows(config, tensor))
  const head = tiedEmbedding ? embedding : declareVocabulary(building, tensor, true)
  graph.apply('Identity', [products.multiply(graph, wanted, head)], {}, 'logits')
  graph.output('logits', 'float', [joinsTexts ? 1 : 'batch', 'wanted', vocabularySize])
}

/** Returns the rows of each text from token `from` on, joined if they came joined. */
function pickWanted({ graph, config, tokenIds, joinsTexts }: Building, rows: Value, from: Value): Value {
  const pick = (byText: Value) =>
    graph.apply('Slice', [byText, from, graph.int64s([2 ** 31 - 1]), graph.int64s([1])])
  if (!joinsTexts) return pick(rows)
  const { width } = config
  const picked = pick(graph.apply('Reshape', [rows, graph.extendShape(tokenIds, [width])]))
  return graph.apply('Reshape', [picked, graph.int64s([1, -1, width])])
}

/** Declares what the head takes in as a result, free of the scales that only the head's weights know. */
function addStates(
  { graph, config, joinsTexts }: Building,
  wanted: Value,
  scales: Float32Array | null,
): void {
  let states = wanted
  if (scales) {
    const [factors] = graph.weights(
      [{ name: 'states.scales', type: 'float', dims: [scales.length] }],
      async () => (place) => floatsIn(place).set(scales),
    ) as [Value]
    states = graph.apply('Mul', [wanted, factors])
  }
  graph.apply('Identity', [states], {}, 'states')
  graph.output('states', 'float', [joinsTexts ? 1 : 'batch', 'wanted', config.width])
}

function multiply(
  { graph, products, smoothing, observe, joinsTexts }: Building,
  input: Value,
  point: string,
  name: string,
  rows: MatrixRows,
): Value {
  observe(graph, point, input, rows)
  const inputScales = smoothing.scalesOf(point, rows.inputs)
  const product = products.multiply(graph, input, products.declare(graph, name, { ...rows, inputScales }))
  return joinsTexts ? graph.describe(product, [1, 'rows', rows.outputs]) : product
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
