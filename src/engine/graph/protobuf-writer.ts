const utf8 = new TextEncoder()
const isAscii = /^[\0-\x7f]*$/
const mostVarintBytes = 10

/** Writes one protobuf message, field by field. */
export class ProtobufWriter {
  #room = new Uint8Array(128)
  #bytes = 0

  varint(field: number, value: number): this {
    return this.#tag(field, 0).#rawVarint(value)
  }

  float(field: number, value: number): this {
    const bytes = new Uint8Array(4)
    new DataView(bytes.buffer).setFloat32(0, value, true)
    return this.#tag(field, 5).#append(bytes)
  }

  bytes(field: number, value: Uint8Array): this {
    return this.#tag(field, 2).#rawVarint(value.length).#append(value)
  }

  text(field: number, value: string): this {
    if (!isAscii.test(value)) return this.bytes(field, utf8.encode(value))
    // Names are short and many: to call an encoder takes longer than to write one.
    this.#tag(field, 2).#rawVarint(value.length).#reserve(value.length)
    for (let at = 0; at < value.length; at++) this.#room[this.#bytes++] = value.charCodeAt(at)
    return this
  }

  message(field: number, value: ProtobufWriter): this {
    return this.bytes(field, value.#room.subarray(0, value.#bytes))
  }

  packedVarints(field: number, values: readonly number[]): this {
    const packed = new ProtobufWriter()
    for (const value of values) packed.#rawVarint(value)
    return this.message(field, packed)
  }

  finish(): Uint8Array<ArrayBuffer> {
    return this.#room.slice(0, this.#bytes)
  }

  #tag(field: number, wireType: number): this {
    return this.#rawVarint(field * 8 + wireType)
  }

  /** Negative numbers take ten bytes, as two's complement in 64 bits. */
  #rawVarint(value: number): this {
    this.#reserve(mostVarintBytes)
    if (value >= 0 && value < 2 ** 31) {
      let left = value
      for (; left > 127; left >>= 7) this.#room[this.#bytes++] = (left & 127) | 128
      this.#room[this.#bytes++] = left
      return this
    }
    let left = BigInt.asUintN(64, BigInt(value))
    for (; left > 127n; left >>= 7n) this.#room[this.#bytes++] = Number(left & 127n) | 128
    this.#room[this.#bytes++] = Number(left)
    return this
  }

  #append(bytes: Uint8Array): this {
    this.#reserve(bytes.length)
    this.#room.set(bytes, this.#bytes)
    this.#bytes += bytes.length
    return this
  }

  #reserve(bytes: number): void {
    const needed = this.#bytes + bytes
    if (needed <= this.#room.length) return
    const larger = new Uint8Array(Math.max(needed, this.#room.length * 2))
    larger.set(this.#room.subarray(0, this.#bytes))
    this.#room = larger
  }
}
