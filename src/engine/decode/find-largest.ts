/** Returns the indices of the `count` largest values, largest first, the lower index first among equals. */
export function findLargest(values: Float32Array, count: number): number[] {
  return count > 64 ? sortAll(values).slice(0, count) : insertBest(values, count)
}

function sortAll(values: Float32Array): number[] {
  return Array.from(values.keys()).sort((a, b) => values[b]! - values[a]! || a - b)
}

function insertBest(values: Float32Array, count: number): number[] {
  const best: number[] = []
  for (let index = 0; index < values.length; index++) {
    const value = values[index]!
    if (best.length === count && value <= values[best[count - 1]!]!) continue
    let place = best.length
    while (place > 0 && values[best[place - 1]!]! < value) place--
    best.splice(place, 0, index)
    if (best.length > count) best.pop()
  }
  return best
}
