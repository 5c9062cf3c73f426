import { EngineError } from '../../errors/index.ts'
import { readTexts } from './read-texts.ts'

/** Texts that are read out when they are asked for: a vocabulary is large, and seldom needed whole. */
export type TextList = {
  count: number
  at(index: number): string | undefined
  all(): string[]
}

/** Reads little-endian values one after the other. Every read past the end is a typed error. */
export class ByteReader {
  readonly #view: DataView<ArrayBuffer>
  readonly #bytes: Uint8Array<ArrayBuffer>
  #at = 0

  constructor(bytes: ArrayBuffer) {
    this.#view = new DataView(bytes)
    this.#bytes = new Uint8Array(bytes)
  }

  get position(): number {
    return this.#at
  }

  uint8 = () => this.#view.getUint8(this.#take(1))
  int8 = () => this.#view.getInt8(this.#take(1))
  uint16 = () => this.#view.getUint16(this.#take(2), true)
  int16 = () => this.#view.getInt16(this.#take(2), true)
  uint32 = () => this.#view.getUint32(this.#take(4), true)
  int32 = () => this.#view.getInt32(this.#take(4), true)
  float32 = () => this.#view.getFloat32(this.#take(4), true)
  float64 = () => this.#view.getFloat64(this.#take(8), true)
  uint64 = () => {
    const at = this.#take(8)
    return safeNumber(this.#view.getUint32(at + 4, true) * 2 ** 32 + this.#view.getUint32(at, true))
  }
  int64 = () => safeNumber(Number(this.#view.getBigInt64(this.#take(8), true)))

  /** A length in 64 bits, then UTF-8. */
  string(): string {
    const length = this.uint64()
    const from = this.#take(length)
    return utf8.decode(this.#bytes.subarray(from, from + length))
  }

  /** So many texts, one after the other. */
  strings(count: number): TextList {
    if (count * textBytes > this.#view.byteLength - this.#at) throw new TooShort()
    const starts = new Float64Array(count)
    const ends = new Float64Array(count)
    for (let index = 0; index < count; index++) {
      const length = this.uint64()
      starts[index] = this.#take(length)
      ends[index] = this.#at
    }
    return listTexts(this.#bytes, starts, ends)
  }

  /** How many items may still follow, when each takes at least one byte. */
  count(): number {
    const items = this.uint64()
    if (items > this.#view.byteLength - this.#at) throw new TooShort()
    return items
  }

  #take(bytes: number): number {
    const at = this.#at
    if (at + bytes > this.#view.byteLength) throw new TooShort()
    this.#at += bytes
    return at
  }
}

/** The bytes end before what they describe. More of the file may cure it. */
export class TooShort extends EngineError {
  constructor() {
    super('engine/malformed-model', 'The model file ends too early.')
  }
}

/** A byte order mark is a character like others. */
const utf8 = new TextDecoder('utf-8', { ignoreBOM: true })
/** The shortest text has its length alone. */
const textBytes = 8

function listTexts(bytes: Uint8Array<ArrayBuffer>, starts: Float64Array, ends: Float64Array): TextList {
  const read = (index: number) => utf8.decode(bytes.subarray(starts[index], ends[index]))
  let all: string[] | undefined
  return {
    count: starts.length,
    at: (index) => (index in starts ? read(index) : undefined),
    all: () => (all ??= readTexts(bytes, starts, ends) ?? Array.from(starts.keys(), read)),
  }
}

function safeNumber(number: number): number {
  if (Number.isSafeInteger(number)) return number
  throw new EngineError('engine/malformed-model', 'A number in the model file is out of range.')
}
