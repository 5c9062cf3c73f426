import { EngineError } from '../../errors/index.ts'
import { dequantise, dequantiseInto } from './dequantise.ts'
import { readInWindows } from './read-in-windows.ts'
import type { ReadableFile } from './readable-file.ts'
import { type GgufHead, readGgufHead, type TensorInfo } from './read-gguf.ts'
import { tensorBytes } from './tensor-type.ts'

/** Fills `out` with a tensor's numbers from element `first` on, which begins a block. */
export type Unpack = (first: number, out: Float32Array) => void

/** The tensors of an open GGUF file, read one at a time. */
export type TensorSource = GgufHead & {
  /** Reads a tensor's packed bytes; its numbers take their room only when they are unpacked. */
  open(name: string): Promise<Unpack>
  /** Returns all numbers of a tensor, row by row. */
  read(name: string): Promise<Float32Array<ArrayBuffer>>
}

/**
 * Reads a GGUF file's head, and opens its tensors.
 *
 * @throws EngineError `engine/malformed-model`, `engine/unsupported-model`
 */
export async function openGguf(file: ReadableFile): Promise<TensorSource> {
  return openTensors(await readGgufHead(file), file)
}

/** @throws EngineError `engine/malformed-model` when the file is shorter than its tensors, each or all together */
export function openTensors(head: GgufHead, file: ReadableFile): TensorSource {
  let bytes = 0
  for (const tensor of head.tensors.values()) {
    if (tensor.byteOffset + tensor.bytes > file.size) {
      throw new EngineError('engine/malformed-model', `The model file ends within tensor ${tensor.name}.`)
    }
    bytes += tensor.bytes
  }
  // Tensors that lie upon one another would be prepared as often as they are named.
  if (bytes > file.size) {
    throw new EngineError('engine/malformed-model', 'The model file is smaller than its tensors together.')
  }
  const read = readInWindows(file)
  const readPacked = ({ byteOffset, bytes }: TensorInfo) => read(byteOffset, byteOffset + bytes)
  return {
    ...head,
    async open(name) {
      const info = findTensor(head, name)
      const packed = await readPacked(info)
      return (first, out) =>
        dequantiseInto(info.type, packed.subarray(tensorBytes(info.type, first, name)), out)
    },
    async read(name) {
      const info = findTensor(head, name)
      return dequantise(info.type, await readPacked(info), info.elements)
    },
  }
}

/** @throws EngineError `engine/malformed-model` naming the tensor */
function findTensor(head: GgufHead, name: string): TensorInfo {
  const tensor = head.tensors.get(name)
  if (tensor) return tensor
  throw new EngineError('engine/malformed-model', `The model file has no tensor ${name}.`)
}
