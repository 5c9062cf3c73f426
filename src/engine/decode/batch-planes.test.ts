import fc from 'fast-check'
import { expect, test } from 'vitest'
import { BatchPlanes } from './batch-planes.ts'
import { HostCache } from './host-cache.ts'

const shape = { planes: 2, heads: 2, headWidth: 3 }
let written = 0

function grow(cache: HostCache, tokens: number): void {
  cache.reserve(tokens)
  const rows = () => Float32Array.from({ length: shape.heads * tokens * shape.headWidth }, () => ++written)
  cache.append(Array.from({ length: shape.planes }, rows), tokens)
}

/** Returns the rows that count of each cache and plane, out of the batch. */
function readRows(planes: readonly Float32Array[], caches: HostCache[], capacity: number): number[][] {
  const width = shape.headWidth
  return planes.flatMap((plane) =>
    caches.map((cache, at) =>
      Array.from({ length: shape.heads }, (_, head) => {
        const from = (at * shape.heads + head) * capacity * width
        return [...plane.subarray(from, from + cache.length * width)]
      }).flat(),
    ),
  )
}

test('holds what the caches hold, whoever grows, is cut, joins, leaves or changes places', () => {
  const change = fc.record({
    kind: fc.constantFrom('grow', 'grow', 'grow', 'cut', 'cut and grow', 'swap', 'leave', 'join', 'clear'),
    which: fc.nat(3),
    tokens: fc.integer({ min: 1, max: 40 }),
  })
  fc.assert(
    fc.property(fc.array(change, { maxLength: 30 }), (changes) => {
      const batch = new BatchPlanes()
      let caches = [new HostCache(shape), new HostCache(shape)]
      for (const { kind, which, tokens } of changes) {
        const cache = caches[which % caches.length]!
        if (kind.startsWith('cut')) cache.truncate(Math.max(cache.length - tokens, 0))
        if (kind.endsWith('grow')) grow(cache, tokens)
        if (kind === 'swap') caches = [...caches.slice(1), caches[0]!]
        if (kind === 'leave' && caches.length > 1) caches = caches.filter((each) => each !== cache)
        if (kind === 'join') caches = [...caches, new HostCache(shape)]
        if (kind === 'clear') batch.clear()
        for (const each of caches) each.reserve(1)
        const capacity = Math.max(...caches.map((each) => each.capacity))
        const found = readRows(batch.gather(caches, capacity), caches, capacity)
        expect(found).toEqual(readRows(new BatchPlanes().gather(caches, capacity), caches, capacity))
        expect(found[0]).toEqual(
          Array.from({ length: shape.heads }, (_, head) => {
            const from = head * caches[0]!.capacity * shape.headWidth
            return [...caches[0]!.planes[0]!.subarray(from, from + caches[0]!.length * shape.headWidth)]
          }).flat(),
        )
      }
    }),
  )
})
