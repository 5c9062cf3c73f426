import type { CachePlane, HostCache } from './host-cache.ts'

/** What lies in one place of the batch: a cache as it was. */
type Place = { cache: HostCache; length: number; cuts: number }

/**
 * The caches of a batch, laid out one after the other. While the same sequences share step after step, only
 * their new rows are copied: at 440 tokens of context, eight times all of them were a fifth of a step.
 */
export class BatchPlanes {
  #places: Place[] = []
  #capacity = 0
  #planes: CachePlane[] = []

  /** Returns each plane of all, `[caches, heads, capacity, headWidth]`; they hold until the next call. */
  gather(caches: readonly HostCache[], capacity: number): readonly CachePlane[] {
    const [first] = caches
    if (!first) return []
    const stride = first.planeLength(capacity)
    if (capacity !== this.#capacity || caches.length !== this.#places.length) {
      this.#places = []
      this.#planes = first.planes.map(() => new Float32Array(caches.length * stride))
    }
    caches.forEach((cache, at) => {
      const place = this.#places[at]
      const isSame = place?.cache === cache && place.cuts === cache.cuts
      const from = isSame ? place.length : 0
      this.#planes.forEach((plane, index) => {
        const target = plane.subarray(at * stride, (at + 1) * stride)
        cache.copyRows(index, target, capacity, from, cache.length)
        // Of who was here before nothing may stay: were it no number, no mask would hold it back.
        if (place && place.length > cache.length) {
          cache.clearRowsIn(target, capacity, cache.length, place.length)
        }
      })
    })
    this.#places = caches.map((cache) => ({ cache, length: cache.length, cuts: cache.cuts }))
    this.#capacity = capacity
    return this.#planes
  }

  /** Gives the memory back. */
  clear(): void {
    this.#places = []
    this.#planes = []
  }
}
