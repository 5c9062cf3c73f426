import type { TensorSource } from '../gguf/tensor-source.ts'
import { floatsIn, type GraphBuilder, type Value } from './graph-builder.ts'

/** Declares the weights of a norm, divided by `scales` where there are any. */
export function declareNorm(
  graph: GraphBuilder,
  tensor: string,
  width: number,
  scales: Float32Array | null = null,
): Value {
  const read = async (source: TensorSource) => {
    const weights = await source.read(`${tensor}.weight`)
    const divided = scales ? weights.map((weight, channel) => weight / scales[channel]!) : weights
    return (place: Uint8Array<ArrayBuffer>) => floatsIn(place).set(divided)
  }
  const [scale] = graph.weights([{ name: tensor, type: 'float', dims: [width] }], read) as [Value]
  return scale
}

/** Divides by the root mean square over the last axis, and multiplies by the norm's weights. */
export function normalise(graph: GraphBuilder, input: Value, scale: Value, epsilon: number): Value {
  const attributes = { axis: { int: -1 }, epsilon: { float: epsilon }, stash_type: { int: 1 } }
  return graph.apply('SimplifiedLayerNormalization', [input, scale], attributes)
}
