import { exactCosSin, exactExp, exactLog } from '../exact-math.ts'
import type { GraphBuilder, Value } from './graph-builder.ts'
import type { LlamaConfig } from './llama-config.ts'

/** Cosines and sines, each `[positions, headWidth / 2]`. */
export type RotaryTables = { cos: Value; sin: Value }

/** Declares the rotation of each pair at each position. Every browser computes the same bits. */
export function declareRotaryTables(
  graph: GraphBuilder,
  config: LlamaConfig,
  positions: number,
): RotaryTables {
  const half = config.headWidth / 2
  const [cos, sin] = graph.weights(
    [
      { name: 'rotary.cos', type: 'float', dims: [positions, half] },
      { name: 'rotary.sin', type: 'float', dims: [positions, half] },
    ],
    async () => computeRotation(config, positions).map((table) => new Uint8Array(table.buffer)),
  ) as [Value, Value]
  return { cos, sin }
}

/** Returns cosines and sines of each pair's angle at each position, row by row. */
function computeRotation({ headWidth, ropeBase }: LlamaConfig, positions: number) {
  const half = headWidth / 2
  const cosines = new Float32Array(positions * half)
  const sines = new Float32Array(positions * half)
  for (let pair = 0; pair < half; pair++) {
    const frequency = exactExp((-2 * pair * exactLog(ropeBase)) / headWidth)
    for (let position = 0; position < positions; position++) {
      const [cos, sin] = exactCosSin(position * frequency)
      cosines[position * half + pair] = cos
      sines[position * half + pair] = sin
    }
  }
  return [cosines, sines]
}
