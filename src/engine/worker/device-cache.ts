import type { SequenceCache } from '../decode/sequence-cache.ts'
import { type CacheShape, copyRows, createPlanes, planeBytes, type PlanePlace } from './device-planes.ts'

/** Room grows in steps of this many tokens, and by half at least, so that growing is rare. */
const capacityStep = 256

/** Returns the room to make for so many tokens where there was room for `capacity`. */
export function nextCapacity(tokens: number, capacity: number): number {
  return Math.ceil(Math.max(tokens, capacity * 1.5) / capacityStep) * capacityStep
}

/**
 * The keys and values of one sequence in GPU memory: in planes of its own, or in a place among those of several that
 * take their steps together. A step writes its rows where they belong; nothing else moves.
 */
export class DeviceCache implements SequenceCache {
  readonly #device: GPUDevice
  readonly #shape: CacheShape
  #at: PlanePlace = { planes: [], capacity: 0, place: 0 }
  /** Whether the planes are its own. */
  #own = true
  #length = 0

  constructor(device: GPUDevice, shape: CacheShape) {
    this.#device = device
    this.#shape = shape
  }

  get length(): number {
    return this.#length
  }

  get bytes(): number {
    return this.#shape.planes * planeBytes(this.#shape, this.#at.capacity)
  }

  /** Where its rows lie. */
  get at(): PlanePlace {
    return this.#at
  }

  /** Makes room for so many tokens more in planes of its own, and returns them. */
  reserve(tokens: number): PlanePlace {
    const wanted = this.#length + tokens
    if (this.#own && wanted <= this.#at.capacity) return this.#at
    const capacity = this.#own ? nextCapacity(wanted, this.#at.capacity) : nextCapacity(wanted, 0)
    const planes = createPlanes(this.#device, this.#shape, capacity, 1)
    this.moveTo({ planes, capacity, place: 0 })
    this.#own = true
    return this.#at
  }

  /** Moves its rows to a place that is somebody else's. */
  moveTo(place: PlanePlace): void {
    copyRows(this.#device, this.#shape, this.#at, place, this.#length)
    this.#leave()
    this.#at = place
  }

  /** Counts rows that a step wrote behind the last ones. */
  grow(tokens: number): void {
    this.#length += tokens
  }

  truncate(length: number): void {
    this.#length = Math.min(this.#length, length)
  }

  copyFirst(length: number): this {
    const copy = new DeviceCache(this.#device, this.#shape)
    const tokens = Math.min(length, this.#length)
    copyRows(this.#device, this.#shape, this.#at, copy.reserve(tokens), tokens)
    copy.grow(tokens)
    return copy as this
  }

  close(): void {
    this.#leave()
    this.#at = { planes: [], capacity: 0, place: 0 }
    this.#length = 0
  }

  #leave(): void {
    if (this.#own) for (const plane of this.#at.planes) plane.destroy()
    this.#own = false
  }
}
