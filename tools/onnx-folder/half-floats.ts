/** Node has arrays of halves; TypeScript's list of what it has does not yet. */
const { Float16Array: Halves } = globalThis as unknown as {
  Float16Array: new (
    buffer: ArrayBuffer,
    byteOffset?: number,
    length?: number,
  ) => {
    set(numbers: ArrayLike<number>): void
    readonly [index: number]: number
  }
}

/** Writes numbers in half precision, two bytes each, to an even place. */
export function writeHalves(
  numbers: ArrayLike<number>,
  { buffer, byteOffset }: Uint8Array<ArrayBuffer>,
): void {
  new Halves(buffer, byteOffset, numbers.length).set(numbers)
}

/** Returns the nearest number of half precision. */
export function roundToHalf(value: number): number {
  const half = new Halves(new ArrayBuffer(2))
  half.set([value])
  return half[0]!
}
