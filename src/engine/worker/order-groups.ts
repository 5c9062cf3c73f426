import type { TensorSource } from '../gguf/tensor-source.ts'
import type { WeightGroup } from '../graph/graph-builder.ts'

/** Returns the groups in the order in which a file that comes from its beginning has all that each is made of. */
export async function orderGroups(groups: WeightGroup[], tensors: TensorSource): Promise<WeightGroup[]> {
  const placed = await Promise.all(
    groups.map(async (group) => ({ group, end: await findEnd(group, tensors) })),
  )
  return placed.sort((a, b) => a.end - b.end).map(({ group }) => group)
}

/** Returns where the last tensor ends that a group reads, by letting it read from a source that has no bytes. */
async function findEnd(group: WeightGroup, source: TensorSource): Promise<number> {
  let end = 0
  const note = (name: string) => {
    const tensor = source.tensors.get(name)
    if (tensor) end = Math.max(end, tensor.byteOffset + tensor.bytes)
    return tensor
  }
  const reading = group.read({
    ...source,
    async open(name) {
      note(name)
      return () => {}
    },
    async read(name) {
      return new Float32Array(note(name)?.elements ?? 0)
    },
  })
  // It may refuse such numbers; what is wrong with the file's own shows when they are read.
  await reading.catch(() => {})
  return end
}
