import { halfFloats } from './half-float.ts'
import type { TensorType } from './tensor-type.ts'

/** Writes the numbers that packed bytes stand for into `out`, which has one place for each. */
type Dequantise = (packed: DataView, out: Float32Array) => void

const dequantisers: Record<TensorType, Dequantise> = {
  F32(packed, out) {
    for (let i = 0; i < out.length; i++) out[i] = packed.getFloat32(i * 4, true)
  },
  F16(packed, out) {
    for (let i = 0; i < out.length; i++) out[i] = half(packed, i * 2)
  },
  /** Scale, then 32 signed bytes. */
  Q8_0(packed, out) {
    for (let at = 0, i = 0; i < out.length; at += 34, i += 32) {
      const scale = half(packed, at)
      for (let j = 0; j < 32; j++) out[i + j] = scale * packed.getInt8(at + 2 + j)
    }
  },
  /** Scale, then 16 bytes: low halves are elements 0–15, high halves 16–31, each with 8 added. */
  Q4_0(packed, out) {
    for (let at = 0, i = 0; i < out.length; at += 18, i += 32) {
      const scale = half(packed, at)
      for (let j = 0; j < 16; j++) {
        const pair = packed.getUint8(at + 2 + j)
        out[i + j] = scale * ((pair & 15) - 8)
        out[i + j + 16] = scale * ((pair >> 4) - 8)
      }
    }
  },
  /** Scale and minimum, then 16 bytes laid out as in Q4_0. */
  Q4_1(packed, out) {
    for (let at = 0, i = 0; i < out.length; at += 20, i += 32) {
      const scale = half(packed, at)
      const minimum = half(packed, at + 2)
      for (let j = 0; j < 16; j++) {
        const pair = packed.getUint8(at + 4 + j)
        out[i + j] = scale * (pair & 15) + minimum
        out[i + j + 16] = scale * (pair >> 4) + minimum
      }
    }
  },
}

/** Returns the numbers that a tensor's packed bytes stand for. */
export function dequantise(
  type: TensorType,
  packed: Uint8Array,
  elements: number,
): Float32Array<ArrayBuffer> {
  const out = new Float32Array(elements)
  dequantisers[type](new DataView(packed.buffer, packed.byteOffset, packed.byteLength), out)
  return out
}

function half(packed: DataView, at: number): number {
  return halfFloats[packed.getUint16(at, true)]!
}
