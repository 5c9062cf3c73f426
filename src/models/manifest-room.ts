import type { ModelId } from '../domain/model.ts'
import type { NeededManifests } from '../ports/manifests.ts'

/** Most manifests, and most bytes of them as JSON, that others can make this browser keep. */
export const manifestRoom = { count: 256, bytes: 32 * 1024 ** 2 }

/**
 * Returns the manifests that go, so that the others fit: those that nobody needs first, then the longest, so that a few
 * long ones displace no more than each other. What is held here stays, and takes nobody's room.
 */
export function chooseDropped(
  sizes: ReadonlyMap<ModelId, number>,
  { held, listed }: NeededManifests,
  room = manifestRoom,
): ModelId[] {
  const loose = [...sizes].filter(([id]) => !held.has(id))
  const dropped: ModelId[] = []
  let bytes = loose.reduce((sum, [, size]) => sum + size, 0)
  // Of two that are alike the same one always goes, or each would displace the other for ever.
  const worstFirst = loose.toSorted(
    ([a, aBytes], [b, bBytes]) =>
      Number(listed.has(a)) - Number(listed.has(b)) || bBytes - aBytes || (a < b ? 1 : -1),
  )
  for (const [id, size] of worstFirst) {
    if (loose.length - dropped.length <= room.count && bytes <= room.bytes) break
    dropped.push(id)
    bytes -= size
  }
  return dropped
}
