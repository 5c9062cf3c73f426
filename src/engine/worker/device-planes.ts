/** What the caches of one model have in common. */
export type CacheShape = { planes: number; heads: number; headWidth: number }

/** One sequence's place among planes `[places, heads, capacity, headWidth]` in GPU memory. */
export type PlanePlace = { planes: readonly GPUBuffer[]; capacity: number; place: number }

/** Allocates planes with so many places; all numbers are zero. */
export function createPlanes(
  device: GPUDevice,
  shape: CacheShape,
  capacity: number,
  places: number,
): GPUBuffer[] {
  const usage = GPUBufferUsage.STORAGE | GPUBufferUsage.COPY_SRC | GPUBufferUsage.COPY_DST
  const size = places * planeBytes(shape, capacity)
  return Array.from({ length: shape.planes }, () => device.createBuffer({ size, usage }))
}

/** Copies the first `tokens` rows of every head, between the steps before and those after. */
export function copyRows(
  device: GPUDevice,
  shape: CacheShape,
  from: PlanePlace,
  to: PlanePlace,
  tokens: number,
): void {
  if (tokens === 0) return
  const encoder = device.createCommandEncoder()
  const rowBytes = shape.headWidth * Float32Array.BYTES_PER_ELEMENT
  const startOf = ({ capacity, place }: PlanePlace, head: number) =>
    (place * shape.heads + head) * capacity * rowBytes
  // Where both have the same room, all heads lie alike and go at once.
  const isAlike = from.capacity === to.capacity
  const heads = isAlike ? 1 : shape.heads
  const bytes = isAlike ? planeBytes(shape, from.capacity) : tokens * rowBytes
  from.planes.forEach((plane, index) => {
    for (let head = 0; head < heads; head++) {
      encoder.copyBufferToBuffer(plane, startOf(from, head), to.planes[index]!, startOf(to, head), bytes)
    }
  })
  device.queue.submit([encoder.finish()])
}

/** Bytes of one place of a plane. */
export function planeBytes({ heads, headWidth }: CacheShape, capacity: number): number {
  return heads * capacity * headWidth * Float32Array.BYTES_PER_ELEMENT
}
