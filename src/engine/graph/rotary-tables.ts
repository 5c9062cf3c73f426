import { EngineError } from '../../errors/index.ts'
import { exactCosSin, exactExp, exactLog } from '../exact-math.ts'
import type { TensorSource } from '../gguf/tensor-source.ts'
import { frequencyFactorsTensor } from './family-tensors.ts'
import { floatsIn, type GraphBuilder, type Value } from './graph-builder.ts'
import { isWindowed, type ModelConfig } from './model-config.ts'

/** Cosines and sines, each `[positions, headWidth / 2]`. */
export type RotaryTables = { cos: Value; sin: Value }

/** What rotates: the base of the frequencies, and what positions and the pairs' frequencies are divided by. */
type Rotation = { base: number; divisor: number; ownFactors: boolean }

/** Declares the rotation of each pair at each position, and returns each layer's. */
export function declareRotaryTables(
  graph: GraphBuilder,
  config: ModelConfig,
  positions: number,
): (layer: number) => RotaryTables {
  const { headWidth, ropeBase, ropeDivisor, frequencyFactors, window } = config
  const declare = (name: string, rotation: Rotation) =>
    declareTables(graph, name, [positions, headWidth / 2], rotation)
  const global = declare('rotary', {
    base: ropeBase,
    divisor: ropeDivisor,
    ownFactors: frequencyFactors,
  })
  const windowed =
    window && declare('rotary.window', { base: window.ropeBase, divisor: 1, ownFactors: false })
  return (layer) => (windowed && isWindowed(config, layer) ? windowed : global)
}

/** Every browser computes the same bits. */
function declareTables(
  graph: GraphBuilder,
  name: string,
  dims: [positions: number, pairs: number],
  rotation: Rotation,
): RotaryTables {
  const [, pairs] = dims
  const [cos, sin] = graph.weights(
    [
      { name: `${name}.cos`, type: 'float', dims },
      { name: `${name}.sin`, type: 'float', dims },
    ],
    async (source) => {
      const factors = rotation.ownFactors ? await readFactors(source) : null
      return (cosines, sines) => {
        const frequencies = listFrequencies(pairs, rotation.base, factors)
        computeRotation(floatsIn(cosines), floatsIn(sines), frequencies, rotation.divisor)
      }
    },
  ) as [Value, Value]
  return { cos, sin }
}

/** @throws EngineError `engine/malformed-model` for what nothing can be divided by */
async function readFactors(source: TensorSource): Promise<Float32Array> {
  const factors = await source.read(frequencyFactorsTensor)
  if (factors.every((factor) => factor > 0 && factor < Infinity)) return factors
  throw new EngineError('engine/malformed-model', 'The model file divides frequencies by what is no number.')
}

/** Returns how far each pair turns from one position to the next, in radians. */
function listFrequencies(pairs: number, base: number, factors: Float32Array | null): number[] {
  return Array.from({ length: pairs }, (_, pair) => {
    const frequency = exactExp((-2 * pair * exactLog(base)) / (2 * pairs))
    return factors ? frequency / factors[pair]! : frequency
  })
}

/** Computes cosines and sines of each pair's angle at each position, row by row. */
function computeRotation(
  cosines: Float32Array,
  sines: Float32Array,
  frequencies: readonly number[],
  divisor: number,
): void {
  const pairs = frequencies.length
  const positions = cosines.length / pairs
  frequencies.forEach((frequency, pair) => {
    for (let position = 0; position < positions; position++) {
      const [cos, sin] = exactCosSin((position / divisor) * frequency)
      cosines[position * pairs + pair] = cos
      sines[position * pairs + pair] = sin
    }
  })
}
