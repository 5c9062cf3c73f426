import { EngineError } from '../../errors/index.ts'
import { type Smoothing, createSmoothing } from './smoothing.ts'

/** Header of a safetensors file: what is needed of it. */
type Header = Record<string, { dtype: string; shape: number[]; data_offsets: [number, number] }>

const maxHeaderBytes = 1024 ** 2
const metadataKey = '__metadata__'

/**
 * Writes exponents as a safetensors file: one I8 tensor for each point.
 * Format: 8 bytes of header length, little end first, the header in JSON, then the tensors.
 */
export function writeSmoothing(
  exponents: ReadonlyMap<string, Int8Array>,
  metadata: Record<string, string>,
): Uint8Array<ArrayBuffer> {
  const header: Record<string, unknown> = { [metadataKey]: metadata }
  let end = 0
  for (const [point, bytes] of exponents) {
    header[point] = { dtype: 'I8', shape: [bytes.length], data_offsets: [end, (end += bytes.length)] }
  }
  const json = new TextEncoder().encode(JSON.stringify(header))
  const file = new Uint8Array(8 + json.length + end)
  new DataView(file.buffer).setBigUint64(0, BigInt(json.length), true)
  file.set(json, 8)
  let at = 8 + json.length
  for (const bytes of exponents.values()) {
    file.set(new Uint8Array(bytes.buffer, bytes.byteOffset, bytes.length), at)
    at += bytes.length
  }
  return file
}

/** @throws EngineError `engine/malformed-model` for anything but I8 vectors within the file */
export function parseSmoothing(file: Uint8Array<ArrayBuffer>): Smoothing {
  const { header, data } = splitFile(file)
  const exponents = new Map<string, Int8Array>()
  for (const [point, tensor] of Object.entries(header)) {
    if (point === metadataKey) continue
    const [start, end] = tensor?.data_offsets ?? []
    const isVector = tensor?.dtype === 'I8' && tensor.shape?.length === 1
    if (!isVector || !isWithin(start, end, data.length) || tensor.shape[0] !== end! - start!)
      throw malformed(point)
    exponents.set(point, new Int8Array(data.slice(start, end).buffer))
  }
  return createSmoothing(exponents)
}

function splitFile(file: Uint8Array<ArrayBuffer>): { header: Header; data: Uint8Array<ArrayBuffer> } {
  if (file.length < 8) throw malformed('the header')
  const headerBytes = new DataView(file.buffer, file.byteOffset).getBigUint64(0, true)
  if (headerBytes > maxHeaderBytes || 8n + headerBytes > file.length) throw malformed('the header')
  const end = 8 + Number(headerBytes)
  try {
    const header: unknown = JSON.parse(new TextDecoder().decode(file.subarray(8, end)))
    if (typeof header === 'object' && header !== null)
      return { header: header as Header, data: file.subarray(end) }
  } catch {
    // Told below.
  }
  throw malformed('the header')
}

function isWithin(start: number | undefined, end: number | undefined, length: number): boolean {
  if (!Number.isInteger(start) || !Number.isInteger(end)) return false
  return start! >= 0 && end! > start! && end! <= length
}

function malformed(where: string): EngineError {
  return new EngineError('engine/malformed-model', `The smoothing file is malformed at ${where}.`)
}
