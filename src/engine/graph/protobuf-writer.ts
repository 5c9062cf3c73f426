const utf8 = new TextEncoder()

/** Writes one protobuf message, field by field. */
export class ProtobufWriter {
  readonly #parts: Uint8Array[] = []
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
    return this.bytes(field, utf8.encode(value))
  }

  message(field: number, value: ProtobufWriter): this {
    this.#tag(field, 2).#rawVarint(value.#bytes)
    for (const part of value.#parts) this.#append(part)
    return this
  }

  packedVarints(field: number, values: readonly number[]): this {
    const packed = new ProtobufWriter()
    for (const value of values) packed.#rawVarint(value)
    return this.message(field, packed)
  }

  finish(): Uint8Array<ArrayBuffer> {
    const whole = new Uint8Array(this.#bytes)
    let at = 0
    for (const part of this.#parts) {
      whole.set(part, at)
      at += part.length
    }
    return whole
  }

  #tag(field: number, wireType: number): this {
    return this.#rawVarint(field * 8 + wireType)
  }

  /** Negative numbers take ten bytes, as two's complement in 64 bits. */
  #rawVarint(value: number): this {
    const bytes: number[] = []
    let left = BigInt.asUintN(64, BigInt(value))
    for (; left > 127n; left >>= 7n) bytes.push(Number(left & 127n) | 128)
    bytes.push(Number(left))
    return this.#append(Uint8Array.from(bytes))
  }

  #append(bytes: Uint8Array): this {
    this.#parts.push(bytes)
    this.#bytes += bytes.length
    return this
  }
}
