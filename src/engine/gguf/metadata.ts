import { EngineError } from '../../errors/index.ts'
import type { ByteReader, TextList } from './byte-reader.ts'

/** A value of the container: 64-bit integers come as numbers. */
export type MetadataValue = number | boolean | string | MetadataValue[] | TextList

/** What a GGUF file says of itself. Each getter throws `engine/malformed-model` naming the key. */
export type Metadata = {
  has(key: string): boolean
  number(key: string): number
  boolean(key: string): boolean
  string(key: string): string
  texts(key: string): TextList
  numbers(key: string): number[]
}

/** Reads one value of the type that the container numbers so. Arrays may nest a few levels only. */
export function readMetadataValue(reader: ByteReader, type: number, depth = 0): MetadataValue {
  if (type === 7) return reader.uint8() !== 0
  if (type === 8) return reader.string()
  if (type === 9 && depth < 4) return readArray(reader, depth)
  const read = numberReaders[type]
  if (read) return read(reader)
  throw new EngineError('engine/malformed-model', `The model file has a value of unknown type ${type}.`)
}

function readArray(reader: ByteReader, depth: number): MetadataValue {
  const itemType = reader.uint32()
  const items = reader.count()
  if (itemType === 8) return reader.strings(items)
  const values: MetadataValue[] = []
  for (let index = 0; index < items; index++) values.push(readMetadataValue(reader, itemType, depth + 1))
  return values
}

const numberReaders: Record<number, (reader: ByteReader) => number> = {
  0: (reader) => reader.uint8(),
  1: (reader) => reader.int8(),
  2: (reader) => reader.uint16(),
  3: (reader) => reader.int16(),
  4: (reader) => reader.uint32(),
  5: (reader) => reader.int32(),
  6: (reader) => reader.float32(),
  10: (reader) => reader.uint64(),
  11: (reader) => reader.int64(),
  12: (reader) => reader.float64(),
}

/** Returns typed getters over what was read. */
export function createMetadata(values: ReadonlyMap<string, MetadataValue>): Metadata {
  const get = <value extends MetadataValue>(
    key: string,
    kind: string,
    is: (found: MetadataValue | undefined) => found is value,
  ): value => {
    const found = values.get(key)
    if (is(found)) return found
    throw new EngineError('engine/malformed-model', `The model file names no ${kind} for ${key}.`)
  }
  return {
    has: (key) => values.has(key),
    number: (key) => get(key, 'number', (found) => typeof found === 'number'),
    boolean: (key) => get(key, 'choice', (found) => typeof found === 'boolean'),
    string: (key) => get(key, 'text', (found) => typeof found === 'string'),
    texts: (key) => get(key, 'list of texts', isListOfTexts),
    numbers: (key) => get(key, 'list of numbers', isListOfNumbers),
  }
}

function isListOfTexts(found: MetadataValue | undefined): found is TextList {
  return typeof found === 'object' && !Array.isArray(found)
}

function isListOfNumbers(found: MetadataValue | undefined): found is number[] {
  return Array.isArray(found) && found.every((value) => typeof value === 'number')
}
