import { type DequantiseBlocks, readHalf } from './dequantise-blocks.ts'

/** Copies the bytes; every machine that runs a browser keeps floats little end first, as the file does. */
export const readF32: DequantiseBlocks = (packed, out) => {
  new Uint8Array(out.buffer, out.byteOffset, out.byteLength).set(packed.subarray(0, out.byteLength))
}

export const readF16: DequantiseBlocks = (packed, out) => {
  for (let i = 0; i < out.length; i++) out[i] = readHalf(packed, i * 2)
}

/** The upper half of a single-precision number. */
export const readBF16: DequantiseBlocks = (packed, out) => {
  const bits = new Uint32Array(out.buffer, out.byteOffset, out.length)
  for (let i = 0; i < bits.length; i++) bits[i] = (packed[i * 2]! << 16) | (packed[i * 2 + 1]! << 24)
}
