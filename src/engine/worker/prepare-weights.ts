import type { BuiltGraph, WeightGroup } from '../graph/graph-builder.ts'
import type { TensorSource } from '../gguf/tensor-source.ts'
import { nextTask } from './next-task.ts'
import type { NewWeights } from './weights.ts'

/**
 * Computes the graph's weights from the model file, group by group; the next one is read meanwhile. Besides `weights`
 * this takes memory for the largest group and its packed bytes only.
 */
export async function prepareWeights(
  graph: BuiltGraph,
  tensors: TensorSource,
  weights: Pick<NewWeights, 'write'>,
  onProgress: (fraction: number) => void,
  signal?: AbortSignal,
): Promise<void> {
  const room = new Uint8Array(Math.max(...graph.weights.map(bytesOf)))
  let reading = graph.weights[0]?.read(tensors)
  for (const [index, group] of graph.weights.entries()) {
    const compute = await reading!
    reading = graph.weights[index + 1]?.read(tensors)
    // Should this group fail, nobody asks for the next.
    reading?.catch(() => {})
    await nextTask()
    signal?.throwIfAborted()
    const start = startOf(group)
    const end = start + bytesOf(group)
    compute(...group.parts.map(({ offset, bytes }) => room.subarray(offset - start, offset - start + bytes)))
    weights.write(room.subarray(0, end - start), start)
    onProgress(end / graph.weightBytes)
  }
}

const startOf = ({ parts }: WeightGroup) => parts[0]!.offset
const bytesOf = (group: WeightGroup) => {
  const last = group.parts.at(-1)!
  return last.offset + last.bytes - startOf(group)
}
