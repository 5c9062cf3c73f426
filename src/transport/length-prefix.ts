import { ProtocolError } from '../errors/index.ts'

const maxPrefixBytes = 5

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

/** Cuts a stream of bytes into frames. Costs the same per byte however small the pieces are that come in. */
export class FrameDecoder {
  readonly #maxFrameBytes: number
  /** Bytes from `#start` to `#end` are pending. What was taken is never written over, so frames are not copied. */
  #buffer = new Uint8Array(0)
  #start = 0
  #end = 0

  constructor(maxFrameBytes: number) {
    this.#maxFrameBytes = maxFrameBytes
  }

  /** Whether the bytes so far end in the middle of a frame. */
  get incomplete(): boolean {
    return this.#end > this.#start
  }

  append(bytes: Uint8Array): void {
    if (this.#buffer.byteLength - this.#end < bytes.byteLength) this.#grow(bytes.byteLength)
    this.#buffer.set(bytes, this.#end)
    this.#end += bytes.byteLength
  }

  /**
   * Takes the next whole frame, or returns null when more bytes are needed.
   * @throws ProtocolError `protocol/too-large` as soon as the length is known
   */
  take(): Uint8Array | null {
    const prefix = this.#readPrefix()
    if (!prefix || this.#end - this.#start < prefix.bytes + prefix.length) return null
    const start = this.#start + prefix.bytes
    this.#start = start + prefix.length
    return this.#buffer.subarray(start, this.#start)
  }

  #grow(moreBytes: number): void {
    const pending = this.#buffer.subarray(this.#start, this.#end)
    this.#buffer = new Uint8Array(2 * (pending.byteLength + moreBytes))
    this.#buffer.set(pending)
    this.#start = 0
    this.#end = pending.byteLength
  }

  #readPrefix(): { bytes: number; length: number } | null {
    const pending = this.#buffer.subarray(this.#start, Math.min(this.#end, this.#start + maxPrefixBytes))
    let length = 0
    for (const [index, byte] of pending.entries()) {
      length += (byte & 0x7f) * 2 ** (7 * index)
      if (length > this.#maxFrameBytes) throw tooLarge(this.#maxFrameBytes)
      if (byte < 0x80) return { bytes: index + 1, length }
    }
    if (pending.byteLength === maxPrefixBytes) throw tooLarge(this.#maxFrameBytes)
    return null
  }
}

function tooLarge(maxFrameBytes: number): ProtocolError {
  return new ProtocolError('protocol/too-large', 'The other side sent a message that is too large.', {
    details: `More than ${maxFrameBytes} bytes.`,
  })
}
