import { readModelConfig } from '../graph/read-model-config.ts'
import { openRows } from '../graph/matrix-rows.ts'
import { exponentOf } from '../graph/smoothing.ts'
import type { ObservedModel, ObservedPoint } from './observe-model.ts'

/** Below this an input carries nothing worth a scale. */
const least = 1e-5

/**
 * Returns the scale of each product's input as exponents: `max|input|^strength / max|weight|^(1 − strength)` for each
 * channel (SmoothQuant, arXiv:2211.10438, equation 4).
 */
export async function findSmoothing(
  { points, tensors }: Pick<ObservedModel, 'points' | 'tensors'>,
  strength: number,
): Promise<Map<string, Int8Array>> {
  const config = readModelConfig(tensors)
  const exponents = new Map<string, Int8Array>()
  for (const [point, { largest, weights }] of points) {
    const heaviest = await heaviestWeights(weights, tensors)
    if (isAttentionOutput(point)) shareInGroups([largest, heaviest], config)
    const scales = largest.map(
      (input, channel) =>
        Math.max(input, least) ** strength / Math.max(heaviest[channel]!, least) ** (1 - strength),
    )
    exponents.set(point, Int8Array.from(scales, exponentOf))
  }
  return exponents
}

const isAttentionOutput = (point: string) => point.endsWith('.attn_output')

async function heaviestWeights(
  weights: ObservedPoint['weights'],
  tensors: ObservedModel['tensors'],
): Promise<Float32Array> {
  const heaviest = new Float32Array(weights.inputs)
  const eachRows = await openRows(weights, tensors)
  eachRows((rows) => {
    rows.forEach((weight, index) => {
      const input = index % weights.inputs
      heaviest[input] = Math.max(heaviest[input]!, Math.abs(weight))
    })
  })
  return heaviest
}

/** Heads that share a value can be scaled together only: the largest of them stands for all. */
function shareInGroups(
  all: Float32Array[],
  { heads, kvHeads, headWidth }: ReturnType<typeof readModelConfig>,
): void {
  const group = heads / kvHeads
  for (const values of all) {
    for (let channel = 0; channel < kvHeads * headWidth; channel++) {
      const first = Math.floor(channel / headWidth) * group * headWidth + (channel % headWidth)
      const members = Array.from({ length: group }, (_, member) => first + member * headWidth)
      const largest = Math.max(...members.map((member) => values[member]!))
      for (const member of members) values[member] = largest
    }
  }
}
