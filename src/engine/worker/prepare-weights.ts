import type { BuiltGraph } from '../graph/graph-builder.ts'
import type { TensorSource } from '../gguf/tensor-source.ts'
import { nextTask } from './next-task.ts'

/** Computes the graph's weights from the model file, group by group; the next one is read meanwhile. */
export async function prepareWeights(
  graph: BuiltGraph,
  tensors: TensorSource,
  onProgress: (fraction: number) => void,
  signal?: AbortSignal,
): Promise<Uint8Array<ArrayBuffer>> {
  const weights = new Uint8Array(graph.weightBytes)
  let reading = graph.weights[0]?.read(tensors)
  for (const [index, { parts }] of graph.weights.entries()) {
    const write = await reading!
    reading = graph.weights[index + 1]?.read(tensors)
    // Should this group fail, nobody asks for the next.
    reading?.catch(() => {})
    await nextTask()
    signal?.throwIfAborted()
    write(...parts.map(({ offset, bytes }) => weights.subarray(offset, offset + bytes)))
    onProgress((parts.at(-1)!.offset + parts.at(-1)!.bytes) / graph.weightBytes)
  }
  return weights
}
