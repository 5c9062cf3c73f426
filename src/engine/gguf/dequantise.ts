import type { DequantiseBlocks } from './blocks/dequantise-blocks.ts'
import { readBF16, readF16, readF32 } from './blocks/floats.ts'
import { readQ4_K, readQ5_K, readQ6_K } from './blocks/k-blocks.ts'
import { readQ4_0, readQ4_1, readQ5_0, readQ5_1, readQ8_0 } from './blocks/small-blocks.ts'
import type { TensorType } from './tensor-type.ts'

const readers: Record<TensorType, DequantiseBlocks> = {
  F32: readF32,
  F16: readF16,
  BF16: readBF16,
  Q4_0: readQ4_0,
  Q4_1: readQ4_1,
  Q5_0: readQ5_0,
  Q5_1: readQ5_1,
  Q8_0: readQ8_0,
  Q4_K: readQ4_K,
  Q5_K: readQ5_K,
  Q6_K: readQ6_K,
}

/** Returns the numbers that a tensor's packed bytes stand for, the same bits as ggml's own single-precision code. */
export function dequantise(
  type: TensorType,
  packed: Uint8Array,
  elements: number,
): Float32Array<ArrayBuffer> {
  const out = new Float32Array(elements)
  dequantiseInto(type, packed, out)
  return out
}

/** Fills `out`, which ends with a block, with the same numbers. */
export function dequantiseInto(type: TensorType, packed: Uint8Array, out: Float32Array): void {
  readers[type](packed, out)
}
