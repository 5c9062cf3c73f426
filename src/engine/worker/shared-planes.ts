import { type DeviceCache, nextCapacity } from './device-cache.ts'
import { type CacheShape, createPlanes } from './device-planes.ts'

/** Planes in which sequences live while they take their steps together. */
export class SharedPlanes {
  readonly #device: GPUDevice
  readonly #shape: CacheShape
  #caches: DeviceCache[] = []
  #planes: GPUBuffer[] = []
  #capacity = 0

  constructor(device: GPUDevice, shape: CacheShape) {
    this.#device = device
    this.#shape = shape
  }

  /** Who has a place, in their order. */
  get caches(): readonly DeviceCache[] {
    return this.#caches
  }

  get planes(): readonly GPUBuffer[] {
    return this.#planes
  }

  /** Tokens there is room for in each place. */
  get capacity(): number {
    return this.#capacity
  }

  /** Whether all of them have a place, most places are theirs, and each has room for one more token. */
  suits(caches: readonly DeviceCache[]): boolean {
    const isHere = (cache: DeviceCache) => cache.at.planes === this.#planes
    // A place whose owner asks for nothing takes a row all the same.
    const hasRoom = this.#caches.every(({ length }) => length < this.#capacity)
    return caches.every(isHere) && hasRoom && 2 * caches.length > this.#caches.length
  }

  /** Gives the memory back once nobody has a place any more. */
  release(): void {
    if (this.#caches.some(({ at }) => at.planes === this.#planes)) return
    for (const plane of this.#planes) plane.destroy()
    this.#caches = []
    this.#planes = []
    this.#capacity = 0
  }

  /** Gives each of them a place with room for one more token; who else had one moves out. */
  gather(caches: readonly DeviceCache[]): void {
    if (this.suits(caches)) return
    const [before, hadRoom] = [this.#planes, this.#capacity]
    for (const cache of this.#caches) {
      if (cache.at.planes === before && !caches.includes(cache)) cache.reserve(0)
    }
    const most = Math.max(...caches.map(({ length }) => length)) + 1
    const capacity = most > hadRoom ? nextCapacity(most, hadRoom) : hadRoom
    const planes = createPlanes(this.#device, this.#shape, capacity, caches.length)
    caches.forEach((cache, place) => cache.moveTo({ planes, capacity, place }))
    for (const plane of before) plane.destroy()
    this.#caches = [...caches]
    this.#planes = planes
    this.#capacity = capacity
  }
}
