import type { SequenceCache } from './sequence-cache.ts'

/**
 * Returns what room is made for so many tokens. All of it goes into each step, so short texts get little beyond them; long ones get
 * more at once, since a cache is copied when it grows. The graph's results do not depend on it.
 */
function capacityFor(tokens: number): number {
  const step = tokens <= 256 ? 32 : 64
  return Math.ceil(tokens / step) * step
}

/** One layer's keys or values on the host: `[heads, capacity, headWidth]`; rows beyond `length` do not count. */
export type CachePlane = Float32Array

/** Of more numbers than this a copy takes longer than to ask for one. */
const fewNumbers = 512

/** Copies so many numbers. Row by row, which each step does for every layer, asking the platform would take most of the time. */
function copyNumbers(
  source: Float32Array,
  from: number,
  count: number,
  target: Float32Array,
  to: number,
): void {
  if (count > fewNumbers) target.set(source.subarray(from, from + count), to)
  else for (let i = 0; i < count; i++) target[to + i] = source[from + i]!
}

/** Writes zeros: what is masked counts nothing only as long as it is a number. */
function clearRows(
  planes: readonly CachePlane[],
  heads: number,
  headWidth: number,
  capacity: number,
  from: number,
  end: number,
): void {
  for (const plane of planes) {
    for (let head = 0; head < heads; head++) {
      plane.fill(0, (head * capacity + from) * headWidth, (head * capacity + end) * headWidth)
    }
  }
}

/** The keys and values of one sequence, kept by the host and handed to the graph at each step. */
export class HostCache implements SequenceCache {
  readonly #heads: number
  readonly #headWidth: number
  #planes: CachePlane[]
  #capacity = 0
  #length = 0
  #cuts = 0

  constructor(shape: { planes: number; heads: number; headWidth: number }) {
    this.#heads = shape.heads
    this.#headWidth = shape.headWidth
    this.#planes = Array.from({ length: shape.planes }, () => new Float32Array(0))
  }

  get length(): number {
    return this.#length
  }

  /** Tokens there is room for. */
  get capacity(): number {
    return this.#capacity
  }

  /** How often tokens were forgotten: rows may since have been replaced. */
  get cuts(): number {
    return this.#cuts
  }

  get planes(): readonly CachePlane[] {
    return this.#planes
  }

  get bytes(): number {
    return this.#planes.length * this.planeLength(this.#capacity) * Float32Array.BYTES_PER_ELEMENT
  }

  copyFirst(length: number): this {
    const shape = { planes: this.#planes.length, heads: this.#heads, headWidth: this.#headWidth }
    const copy = new HostCache(shape)
    copy.reserve(length)
    copy.#length = Math.min(length, this.#length)
    copy.#planes.forEach((plane, index) => this.copyRows(index, plane, copy.#capacity, 0, copy.#length))
    return copy as this
  }

  /** Makes room for so many tokens more. */
  reserve(tokens: number): void {
    const capacity = capacityFor(this.#length + tokens)
    if (capacity <= this.#capacity) return
    this.#planes = this.#planes.map((_, index) => {
      const wider = new Float32Array(this.planeLength(capacity))
      this.copyRows(index, wider, capacity, 0, this.#length)
      return wider
    })
    this.#capacity = capacity
  }

  /** Keeps the new rows of every plane, each `[heads, tokens, headWidth]`. */
  append(rows: readonly Float32Array[], tokens: number): void {
    const width = this.#headWidth
    this.#planes.forEach((plane, index) => {
      for (let head = 0; head < this.#heads; head++) {
        const to = (head * this.#capacity + this.#length) * width
        copyNumbers(rows[index]!, head * tokens * width, tokens * width, plane, to)
      }
    })
    this.#length += tokens
  }

  truncate(length: number): void {
    if (length >= this.#length) return
    clearRows(this.#planes, this.#heads, this.#headWidth, this.#capacity, length, this.#length)
    this.#length = length
    this.#cuts++
  }

  close(): void {
    this.truncate(0)
    this.#planes = this.#planes.map(() => new Float32Array(0))
    this.#capacity = 0
  }

  /** Writes zeros over rows in a plane of the same shape, laid out for another capacity. */
  clearRowsIn(target: CachePlane, capacity: number, from: number, end: number): void {
    clearRows([target], this.#heads, this.#headWidth, capacity, from, end)
  }

  /** Numbers in a plane of so much room. */
  planeLength(capacity: number): number {
    return this.#heads * capacity * this.#headWidth
  }

  /** Writes one plane's rows of the tokens from `from` to `end` into `target`, laid out for another capacity. */
  copyRows(index: number, target: Float32Array, capacity: number, from: number, end: number): void {
    const plane = this.#planes[index]!
    const width = this.#headWidth
    for (let head = 0; head < this.#heads; head++) {
      const start = (head * this.#capacity + from) * width
      copyNumbers(plane, start, (end - from) * width, target, (head * capacity + from) * width)
    }
  }
}
