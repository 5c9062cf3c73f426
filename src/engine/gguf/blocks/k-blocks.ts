import { type DequantiseBlocks, readHalf } from './dequantise-blocks.ts'

// Blocks of 256 weights, as ggml's `block_q4_K` … `block_q6_K` lay them out: the scales of their parts are quantised too.

/** Scales and minimums of eight parts: six bits each, in twelve bytes. */
const scales = new Uint8Array(8)
const minimums = new Uint8Array(8)

/** Parts 0–3 lie in the low six bits of bytes 0–7; of parts 4–7 the upper two bits lie above those. */
function unpackScales(packed: Uint8Array, at: number): void {
  for (let part = 0; part < 4; part++) {
    const scale = packed[at + part]!
    const minimum = packed[at + part + 4]!
    const low = packed[at + part + 8]!
    scales[part] = scale & 63
    minimums[part] = minimum & 63
    scales[part + 4] = (low & 15) | ((scale >> 6) << 4)
    minimums[part + 4] = (low >> 4) | ((minimum >> 6) << 4)
  }
}

/** Scale of scales and of minimums, those of eight parts, then for each two parts 32 bytes of low and high halves. */
export const readQ4_K: DequantiseBlocks = (packed, out) => {
  for (let at = 0, i = 0; i < out.length; at += 144, i += 256) {
    const scale = readHalf(packed, at)
    const minimum = readHalf(packed, at + 2)
    unpackScales(packed, at + 4)
    for (let pair = 0; pair < 4; pair++) {
      const low = pair * 2
      const high = low + 1
      const lowScale = scale * scales[low]!
      const lowMinimum = minimum * minimums[low]!
      const highScale = scale * scales[high]!
      const highMinimum = minimum * minimums[high]!
      for (let j = 0, from = at + 16 + pair * 32, to = i + pair * 64; j < 32; j++) {
        const halves = packed[from + j]!
        out[to + j] = lowScale * (halves & 15) - lowMinimum
        out[to + j + 32] = highScale * (halves >> 4) - highMinimum
      }
    }
  }
}

/** As Q4_K, with 32 bytes of fifth bits between: bit p of byte j belongs to weight j of part p. */
export const readQ5_K: DequantiseBlocks = (packed, out) => {
  for (let at = 0, i = 0; i < out.length; at += 176, i += 256) {
    const scale = readHalf(packed, at)
    const minimum = readHalf(packed, at + 2)
    unpackScales(packed, at + 4)
    for (let pair = 0; pair < 4; pair++) {
      const low = pair * 2
      const high = low + 1
      const lowScale = scale * scales[low]!
      const lowMinimum = minimum * minimums[low]!
      const highScale = scale * scales[high]!
      const highMinimum = minimum * minimums[high]!
      for (let j = 0, from = at + 48 + pair * 32, to = i + pair * 64; j < 32; j++) {
        const halves = packed[from + j]!
        const fifths = packed[at + 16 + j]!
        out[to + j] = lowScale * ((halves & 15) | (((fifths >> low) & 1) << 4)) - lowMinimum
        out[to + j + 32] = highScale * ((halves >> 4) | (((fifths >> high) & 1) << 4)) - highMinimum
      }
    }
  }
}

/**
 * 128 bytes of low and high halves, 64 of upper pairs of bits, 16 signed scales, the scale of scales. Each half of the
 * block is four runs of 32 weights: low halves of its bytes 0–31 and 32–63, then their high halves.
 */
export const readQ6_K: DequantiseBlocks = (packed, out) => {
  for (let at = 0, i = 0; i < out.length; at += 210, i += 256) {
    const scale = readHalf(packed, at + 208)
    for (let run = 0; run < 8; run++) {
      const half = run >> 2
      const within = run & 3
      const lower = at + half * 64 + (within & 1) * 32
      const upper = at + 128 + half * 32
      const lowerShift = (within >> 1) * 4
      const to = i + run * 32
      for (let part = 0; part < 2; part++) {
        const partScale = scale * ((packed[at + 192 + run * 2 + part]! << 24) >> 24)
        for (let j = part * 16; j < part * 16 + 16; j++) {
          const bits = (packed[lower + j]! >> lowerShift) & 15
          out[to + j] = partScale * ((bits | (((packed[upper + j]! >> (within * 2)) & 3) << 4)) - 32)
        }
      }
    }
  }
}
