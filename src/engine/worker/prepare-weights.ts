import type { BuiltGraph } from '../graph/graph-builder.ts'
import type { TensorSource } from '../gguf/tensor-source.ts'
import { nextTask } from './next-task.ts'

/** Computes the graph's weights from the model file, group by group. */
export async function prepareWeights(
  graph: BuiltGraph,
  tensors: TensorSource,
  onProgress: (fraction: number) => void,
  signal?: AbortSignal,
): Promise<Uint8Array<ArrayBuffer>> {
  const weights = new Uint8Array(graph.weightBytes)
  for (const { parts, produce } of graph.weights) {
    await nextTask()
    signal?.throwIfAborted()
    const produced = await produce(tensors)
    parts.forEach(({ offset }, index) => weights.set(produced[index]!, offset))
    onProgress((parts.at(-1)!.offset + parts.at(-1)!.bytes) / graph.weightBytes)
  }
  return weights
}
