import { EngineError } from '../../errors/index.ts'
import { dequantise } from './dequantise.ts'
import { type GgufHead, readGgufHead, type TensorInfo } from './read-gguf.ts'

/** The tensors of an open GGUF file, read one at a time. */
export type TensorSource = GgufHead & {
  /** Returns a tensor's numbers, row by row. */
  read(name: string): Promise<Float32Array<ArrayBuffer>>
}

/** @throws EngineError `engine/malformed-model` when the file is shorter than its tensors */
export async function openGguf(file: Blob): Promise<TensorSource> {
  const head = await readGgufHead(file)
  for (const tensor of head.tensors.values()) {
    if (tensor.byteOffset + tensor.bytes > file.size) {
      throw new EngineError('engine/malformed-model', `The model file ends within tensor ${tensor.name}.`)
    }
  }
  return {
    ...head,
    async read(name) {
      const { type, byteOffset, bytes, elements } = findTensor(head, name)
      const packed = await file.slice(byteOffset, byteOffset + bytes).arrayBuffer()
      return dequantise(type, new Uint8Array(packed), elements)
    },
  }
}

/** @throws EngineError `engine/malformed-model` naming the tensor */
function findTensor(head: GgufHead, name: string): TensorInfo {
  const tensor = head.tensors.get(name)
  if (tensor) return tensor
  throw new EngineError('engine/malformed-model', `The model file has no tensor ${name}.`)
}
