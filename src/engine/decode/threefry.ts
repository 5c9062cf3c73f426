/** Four 32-bit words. */
export type Words = [number, number, number, number]

const rotations = [
  [10, 26],
  [11, 21],
  [13, 27],
  [23, 5],
  [6, 20],
  [17, 11],
  [25, 10],
  [18, 20],
] as const

/**
 * Returns four random words for a 128-bit key and a 128-bit counter: Threefry-4×32 with 20 rounds
 * (Salmon et al., "Parallel random numbers: as easy as 1, 2, 3", 2011). Only 32-bit additions,
 * rotations and exclusive ors, so it is the same everywhere.
 */
export function threefry4x32(key: Words, counter: Words): Words {
  const parity = 0x1bd11bda ^ key[0] ^ key[1] ^ key[2] ^ key[3]
  const schedule = [key[0], key[1], key[2], key[3], parity] as const
  const at = (index: number) => schedule[(index % 5) as 0 | 1 | 2 | 3 | 4]
  let a = (counter[0] + key[0]) | 0
  let b = (counter[1] + key[1]) | 0
  let c = (counter[2] + key[2]) | 0
  let d = (counter[3] + key[3]) | 0
  for (let round = 0; round < 20; round++) {
    const [left, right] = rotations[(round % 8) as 0 | 1 | 2 | 3 | 4 | 5 | 6 | 7]
    if (round % 2 === 0) {
      a = (a + b) | 0
      b = rotate(b, left) ^ a
      c = (c + d) | 0
      d = rotate(d, right) ^ c
    } else {
      a = (a + d) | 0
      d = rotate(d, left) ^ a
      c = (c + b) | 0
      b = rotate(b, right) ^ c
    }
    if (round % 4 === 3) {
      const step = (round + 1) / 4
      a = (a + at(step)) | 0
      b = (b + at(step + 1)) | 0
      c = (c + at(step + 2)) | 0
      d = (d + at(step + 3) + step) | 0
    }
  }
  return [a >>> 0, b >>> 0, c >>> 0, d >>> 0]
}

function rotate(word: number, bits: number): number {
  return (word << bits) | (word >>> (32 - bits))
}
