import { rowKernelProgram } from './row-kernel-program.ts'

/** The program of `row-kernel.wat`. */
type Kernel = {
  memory: WebAssembly.Memory
  multiplyColumns(at: number, end: number, length: number, factors: number): void
  quantiseGroups(at: number, end: number, length: number, minus: number, bytes: number, scales: number): void
}

/** A byte for each weight, and the scale of each group; both are the kernel's, until it quantises more. */
export type QuantisedGroups = { bytes: Uint8Array<ArrayBuffer>; scales: Float32Array<ArrayBuffer> }

const floatBytes = 4
const pageBytes = 2 ** 16

let opened: Kernel | undefined
/** Where the kernel keeps what is not rows: behind the last that were reserved. */
let bytesAt = 0
let factorsAt = 0

/**
 * Returns room for rows of weights, where the kernel computes with them in their place. It holds them until more room is
 * reserved.
 */
export function reserveRows(rows: number, inputs: number): Float32Array<ArrayBuffer> {
  const { memory } = (opened ??= openKernel())
  const weights = rows * inputs
  factorsAt = weights * floatBytes
  bytesAt = factorsAt + inputs * floatBytes
  // Scales lie before the bytes of their weights, and there is one for each weight at most.
  const missing = bytesAt + weights * (floatBytes + 1) - memory.buffer.byteLength
  if (missing > 0) memory.grow(Math.ceil(missing / pageBytes))
  return new Float32Array(memory.buffer as ArrayBuffer, 0, weights)
}

/** Multiplies reserved rows by a factor for each column, in their place. */
export function multiplyColumns(rows: Float32Array, factors: Float32Array): void {
  const { memory, multiplyColumns } = kernelOf(rows)
  new Float32Array(memory.buffer, factorsAt).set(factors)
  const { byteOffset, byteLength } = rows
  multiplyColumns(byteOffset, byteOffset + byteLength, factors.byteLength, factorsAt)
}

/**
 * Quantises reserved rows in groups of `length` weights, each with its own scale: what the largest magnitude of the group is
 * divided by to be 127. A byte is the integer nearest to weight ÷ scale, −127 to 127, plus `zero`; of two that are equally near
 * it is the larger one, on every machine.
 */
export function quantiseGroups(rows: Float32Array, length: number, zero: 0 | 128): QuantisedGroups {
  const { memory, quantiseGroups } = kernelOf(rows)
  const groups = rows.length / length
  const scales = new Float32Array(memory.buffer as ArrayBuffer, bytesAt, groups)
  const bytes = new Uint8Array(scales.buffer, bytesAt + scales.byteLength, rows.length)
  const end = rows.byteOffset + rows.byteLength
  quantiseGroups(rows.byteOffset, end, length * floatBytes, 128 - zero, bytes.byteOffset, scales.byteOffset)
  return { bytes, scales }
}

function kernelOf({ buffer }: Float32Array): Kernel {
  if (buffer === opened?.memory.buffer) return opened
  throw new TypeError('The rows do not lie in the kernel.')
}

/** It is so small that it is compiled at once. */
function openKernel(): Kernel {
  const program = Uint8Array.from(atob(rowKernelProgram), (character) => character.charCodeAt(0))
  return new WebAssembly.Instance(new WebAssembly.Module(program)).exports as Kernel
}
