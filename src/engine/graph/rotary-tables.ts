import { exactCosSin, exactExp, exactLog } from '../exact-math.ts'
import { floatsIn, type GraphBuilder, type Value } from './graph-builder.ts'
import { isWindowed, type ModelConfig } from './model-config.ts'

/** Cosines and sines, each `[positions, headWidth / 2]`. */
export type RotaryTables = { cos: Value; sin: Value }

/** Declares the rotation of each pair at each position, and returns each layer's. */
export function declareRotaryTables(
  graph: GraphBuilder,
  config: ModelConfig,
  positions: number,
): (layer: number) => RotaryTables {
  const { headWidth, ropeBase, ropeDivisor, window } = config
  const declare = (name: string, base: number, divisor: number) =>
    declareTables(graph, name, [positions, headWidth / 2], base, divisor)
  const global = declare('rotary', ropeBase, ropeDivisor)
  const windowed = window && declare('rotary.window', window.ropeBase, 1)
  return (layer) => (windowed && isWindowed(config, layer) ? windowed : global)
}

/** Every browser computes the same bits. */
function declareTables(
  graph: GraphBuilder,
  name: string,
  dims: [positions: number, pairs: number],
  base: number,
  divisor: number,
): RotaryTables {
  const [cos, sin] = graph.weights(
    [
      { name: `${name}.cos`, type: 'float', dims },
      { name: `${name}.sin`, type: 'float', dims },
    ],
    async () => (cosines, sines) => {
      computeRotation(floatsIn(cosines), floatsIn(sines), dims[1], base, divisor)
    },
  ) as [Value, Value]
  return { cos, sin }
}

/** Computes cosines and sines of each pair's angle at each position, row by row. */
function computeRotation(
  cosines: Float32Array,
  sines: Float32Array,
  pairs: number,
  base: number,
  divisor: number,
): void {
  const positions = cosines.length / pairs
  for (let pair = 0; pair < pairs; pair++) {
    const frequency = exactExp((-2 * pair * exactLog(base)) / (2 * pairs))
    for (let position = 0; position < positions; position++) {
      const [cos, sin] = exactCosSin((position / divisor) * frequency)
      cosines[position * pairs + pair] = cos
      sines[position * pairs + pair] = sin
    }
  }
}
