import { EngineError } from '../../errors/index.ts'
import { ByteReader, TooShort } from './byte-reader.ts'
import { createMetadata, type Metadata, readMetadataValue, type MetadataValue } from './metadata.ts'
import type { ReadableFile } from './readable-file.ts'
import { parseTensorType, tensorBytes, type TensorType } from './tensor-type.ts'

/** Where a tensor lies in the file, and its shape. */
export type TensorInfo = {
  name: string
  type: TensorType
  /** Elements of a row first: a product's weights are `[inputs, outputs]`. */
  dims: number[]
  elements: number
  /** From the beginning of the file. */
  byteOffset: number
  bytes: number
}

/** The head of a GGUF file: what it says of itself, and where its tensors lie. */
export type GgufHead = { metadata: Metadata; tensors: ReadonlyMap<string, TensorInfo> }

const magic = 0x46554747
const firstReadBytes = 4 << 20
const mostAlignment = 1 << 20

/**
 * Reads the head of a GGUF file (version 2 or 3, little-endian), only as many bytes of it as needed.
 *
 * @throws EngineError `engine/malformed-model`, also for a head cut short; `engine/unsupported-model`
 */
export function readGgufHead(file: ReadableFile): Promise<GgufHead> {
  return readGrowing(file, parseHead)
}

/** Reads the metadata alone: of a model that need not be runnable here, from a beginning that holds it. */
export function readGgufMetadata(head: Blob): Promise<Metadata> {
  return readGrowing(head, (reader) => parseMetadata(reader).metadata)
}

async function readGrowing<value>(file: ReadableFile, parse: (reader: ByteReader) => value): Promise<value> {
  for (let bytes = firstReadBytes; ; bytes *= 4) {
    try {
      return parse(new ByteReader(await file.slice(0, bytes).arrayBuffer()))
    } catch (error) {
      if (!(error instanceof TooShort) || bytes >= file.size) throw error
    }
  }
}

function parseHead(reader: ByteReader): GgufHead {
  const { metadata, tensorCount } = parseMetadata(reader)
  const infos = Array.from({ length: tensorCount }, () => parseTensorInfo(reader))
  const alignment = readAlignment(metadata)
  const dataStart = Math.ceil(reader.position / alignment) * alignment
  const tensors = infos.map((info) => ({ ...info, byteOffset: dataStart + info.byteOffset }))
  return { metadata, tensors: new Map(tensors.map((info) => [info.name, info])) }
}

function readAlignment(metadata: Metadata): number {
  const alignment = metadata.has('general.alignment') ? metadata.number('general.alignment') : 32
  if (Number.isInteger(alignment) && alignment > 0 && alignment <= mostAlignment) return alignment
  throw new EngineError('engine/malformed-model', `The model file cannot be aligned to ${alignment}.`)
}

function parseMetadata(reader: ByteReader): { metadata: Metadata; tensorCount: number } {
  if (reader.uint32() !== magic) throw new EngineError('engine/malformed-model', 'This is no GGUF file.')
  const version = reader.uint32()
  if (version !== 2 && version !== 3) {
    throw new EngineError('engine/unsupported-model', `GGUF version ${version} cannot be read.`)
  }
  const tensorCount = reader.count()
  const values = new Map<string, MetadataValue>()
  for (let left = reader.count(); left > 0; left--) {
    const key = reader.string()
    values.set(key, readMetadataValue(reader, reader.uint32()))
  }
  return { metadata: createMetadata(values), tensorCount }
}

function parseTensorInfo(reader: ByteReader): TensorInfo {
  const name = reader.string()
  const dims = Array.from({ length: Math.min(reader.uint32(), 8) }, () => reader.uint64())
  const type = parseTensorType(reader.uint32(), name)
  const elements = dims.reduce((product, size) => product * size, 1)
  if (!Number.isSafeInteger(elements)) {
    throw new EngineError('engine/malformed-model', `Tensor ${name} has more numbers than can be counted.`)
  }
  // No row shares a block with the next, so that rows can be unpacked on their own.
  tensorBytes(type, dims[0] ?? 1, name)
  return { name, type, dims, elements, byteOffset: reader.uint64(), bytes: tensorBytes(type, elements, name) }
}
