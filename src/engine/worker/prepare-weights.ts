import type { BuiltGraph, WeightGroup } from '../graph/graph-builder.ts'
import type { TensorSource } from '../gguf/tensor-source.ts'
import { nextTask } from './next-task.ts'
import { orderGroups } from './order-groups.ts'
import type { NewWeights } from './weights.ts'

/**
 * Computes the graph's weights from the model file, group by group, as they follow one another there: it may still be
 * coming, and so may the room for them. The next few are read meanwhile. Besides that room this takes memory for the
 * largest group, their packed bytes, and a few windows of the file.
 */
export async function prepareWeights(
  graph: BuiltGraph,
  tensors: TensorSource,
  creating: Promise<Pick<NewWeights, 'write'>>,
  onProgress: (fraction: number) => void,
  signal?: AbortSignal,
): Promise<void> {
  const groups = await orderGroups(graph.weights, tensors)
  const sizes = groups.map(bytesOf)
  const totalBytes = sizes.reduce((sum, bytes) => sum + bytes, 0)
  const room = new Uint8Array(Math.max(...sizes))
  let doneBytes = 0
  const unread = groups.values()
  const readNext = () => {
    const reading = unread.next().value?.read(tensors)
    // Should a group fail, nobody asks for those after it.
    reading?.catch(() => {})
    return reading
  }
  const reading = Array.from({ length: readAhead }, readNext)
  const weights = await creating
  for (const [index, group] of groups.entries()) {
    const compute = await reading.shift()!
    reading.push(readNext())
    await nextTask()
    signal?.throwIfAborted()
    const start = startOf(group)
    const bytes = sizes[index]!
    compute(
      ...group.parts.map((part) => room.subarray(part.offset - start, part.offset - start + part.bytes)),
    )
    weights.write(room.subarray(0, bytes), start)
    onProgress((doneBytes += bytes) / totalBytes)
  }
}

/** Groups that are read before their turn: whoever hands over their bytes stops while this thread computes. */
const readAhead = 4

const startOf = ({ parts }: WeightGroup) => parts[0]!.offset
const bytesOf = (group: WeightGroup) => {
  const last = group.parts.at(-1)!
  return last.offset + last.bytes - startOf(group)
}
