import { ProtocolError } from '../errors/index.ts'

/** Returns a frame with its length before it, as an unsigned varint (multiformats). */
export function prefixLength(frame: Uint8Array): Uint8Array<ArrayBuffer> {
  const prefix: number[] = []
  let rest = frame.byteLength
  while (rest >= 0x80) {
    prefix.push((rest & 0x7f) | 0x80)
    rest >>>= 7
  }
  prefix.push(rest)
  const bytes = new Uint8Array(prefix.length + frame.byteLength)
  bytes.set(prefix)
  bytes.set(frame, prefix.length)
  return bytes
}

/** Cuts a stream of bytes into frames. Never holds more than one frame and what came with its end. */
export class FrameDecoder {
  readonly #maxFrameBytes: number
  #pending = new Uint8Array(0)

  constructor(maxFrameBytes: number) {
    this.#maxFrameBytes = maxFrameBytes
  }

  /** Whether the bytes so far end in the middle of a frame. */
  get incomplete(): boolean {
    return this.#pending.byteLength > 0
  }

  append(bytes: Uint8Array): void {
    const joined = new Uint8Array(this.#pending.byteLength + bytes.byteLength)
    joined.set(this.#pending)
    joined.set(bytes, this.#pending.byteLength)
    this.#pending = joined
  }

  /**
   * Takes the next whole frame, or returns null when more bytes are needed.
   * @throws ProtocolError `protocol/too-large` as soon as the length is known
   */
  take(): Uint8Array | null {
    const prefix = this.#readPrefix()
    if (!prefix || this.#pending.byteLength < prefix.bytes + prefix.length) return null
    const end = prefix.bytes + prefix.length
    const frame = this.#pending.subarray(prefix.bytes, end)
    this.#pending = this.#pending.subarray(end)
    return frame
  }

  #readPrefix(): { bytes: number; length: number } | null {
    let length = 0
    for (const [index, byte] of this.#pending.subarray(0, 5).entries()) {
      length += (byte & 0x7f) * 2 ** (7 * index)
      if (length > this.#maxFrameBytes) throw tooLarge(this.#maxFrameBytes)
      if (byte < 0x80) return { bytes: index + 1, length }
    }
    if (this.#pending.byteLength >= 5) throw tooLarge(this.#maxFrameBytes)
    return null
  }
}

function tooLarge(maxFrameBytes: number): ProtocolError {
  return new ProtocolError('protocol/too-large', 'The other side sent a message that is too large.', {
    details: `More than ${maxFrameBytes} bytes.`,
  })
}
