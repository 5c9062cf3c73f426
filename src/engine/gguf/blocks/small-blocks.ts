import { type DequantiseBlocks, readHalf } from './dequantise-blocks.ts'

// Blocks of 32 weights, as ggml's `block_q4_0` … `block_q8_0` lay them out. Where weights have fewer than eight bits,
// the low halves of 16 bytes are weights 0–15 and the high halves 16–31.

/** Scale, then 32 signed bytes. */
export const readQ8_0: DequantiseBlocks = (packed, out) => {
  for (let at = 0, i = 0; i < out.length; at += 34, i += 32) {
    const scale = readHalf(packed, at)
    for (let j = 0; j < 32; j++) out[i + j] = scale * ((packed[at + 2 + j]! << 24) >> 24)
  }
}

/** Scale, then 16 bytes; 8 is added to each weight. */
export const readQ4_0: DequantiseBlocks = (packed, out) => {
  for (let at = 0, i = 0; i < out.length; at += 18, i += 32) {
    const scale = readHalf(packed, at)
    for (let j = 0; j < 16; j++) {
      const pair = packed[at + 2 + j]!
      out[i + j] = scale * ((pair & 15) - 8)
      out[i + j + 16] = scale * ((pair >> 4) - 8)
    }
  }
}

/** Scale and minimum, then 16 bytes. */
export const readQ4_1: DequantiseBlocks = (packed, out) => {
  for (let at = 0, i = 0; i < out.length; at += 20, i += 32) {
    const scale = readHalf(packed, at)
    const minimum = readHalf(packed, at + 2)
    for (let j = 0; j < 16; j++) {
      const pair = packed[at + 4 + j]!
      out[i + j] = scale * (pair & 15) + minimum
      out[i + j + 16] = scale * (pair >> 4) + minimum
    }
  }
}

/** Scale, 32 fifth bits, then 16 bytes; 16 is added to each weight. */
export const readQ5_0: DequantiseBlocks = (packed, out) => {
  for (let at = 0, i = 0; i < out.length; at += 22, i += 32) {
    const scale = readHalf(packed, at)
    const fifths = readBits(packed, at + 2)
    for (let j = 0; j < 16; j++) {
      const pair = packed[at + 6 + j]!
      out[i + j] = scale * (((pair & 15) | (((fifths >>> j) & 1) << 4)) - 16)
      out[i + j + 16] = scale * (((pair >> 4) | (((fifths >>> (j + 16)) & 1) << 4)) - 16)
    }
  }
}

/** Scale and minimum, 32 fifth bits, then 16 bytes. */
export const readQ5_1: DequantiseBlocks = (packed, out) => {
  for (let at = 0, i = 0; i < out.length; at += 24, i += 32) {
    const scale = readHalf(packed, at)
    const minimum = readHalf(packed, at + 2)
    const fifths = readBits(packed, at + 4)
    for (let j = 0; j < 16; j++) {
      const pair = packed[at + 8 + j]!
      out[i + j] = scale * ((pair & 15) | (((fifths >>> j) & 1) << 4)) + minimum
      out[i + j + 16] = scale * ((pair >> 4) | (((fifths >>> (j + 16)) & 1) << 4)) + minimum
    }
  }
}

function readBits(packed: Uint8Array, at: number): number {
  return packed[at]! | (packed[at + 1]! << 8) | (packed[at + 2]! << 16) | (packed[at + 3]! << 24)
}
