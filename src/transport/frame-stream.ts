import type { Stream } from '@libp2p/interface'
import { byteStream } from '@libp2p/utils'
import type { PeerId } from '../domain/bytes.ts'
import type { FrameStream } from '../ports/transport.ts'
import type { ProtocolSpec } from '../protocol/protocols.ts'
import { FrameDecoder, prefixLength } from './length-prefix.ts'
import { abortedStream, abortedWait, checkFrameBytes, streamReset, writingFinished } from './stream-errors.ts'

/** Frames of the largest size that may wait for a reader before the stream is reset, unless the protocol says more. */
const defaultUnreadFrames = 4

/** How long a finished stream waits for the other side to say that it knows. */
const closeTimeoutMs = 5_000

/** Whole frames over a libp2p stream. */
export function createFrameStream(stream: Stream, remotePeer: PeerId, protocol: ProtocolSpec): FrameStream {
  return new Libp2pFrameStream(stream, remotePeer, protocol)
}

class Libp2pFrameStream implements FrameStream {
  readonly remotePeer: PeerId
  readonly #stream: Stream
  readonly #protocol: ProtocolSpec
  readonly #bytes: ReturnType<typeof byteStream>
  readonly #decoder: FrameDecoder
  #finished = false
  #failure: Error | null = null
  #lastRead: Promise<unknown> = Promise.resolve()

  constructor(stream: Stream, remotePeer: PeerId, protocol: ProtocolSpec) {
    this.remotePeer = remotePeer
    this.#stream = stream
    this.#protocol = protocol
    // A reader cannot be paused over WebRTC, so what it has not read is bounded here.
    const { maxFrameBytes, maxUnreadFrames = defaultUnreadFrames } = protocol
    this.#bytes = byteStream(stream, { maxBufferSize: maxUnreadFrames * maxFrameBytes })
    this.#decoder = new FrameDecoder(protocol.maxFrameBytes)
  }

  read(signal?: AbortSignal): Promise<Uint8Array | null> {
    const frame = this.#lastRead.then(() => this.#read(signal))
    this.#lastRead = frame.catch(() => {})
    return frame
  }

  async #read(signal: AbortSignal | undefined): Promise<Uint8Array | null> {
    while (true) {
      if (this.#failure) throw this.#failure
      const frame = this.#take()
      if (frame) return frame
      const bytes = await this.#readBytes(signal)
      if (bytes === null) return this.#end()
      this.#decoder.append(bytes)
    }
  }

  async write(frame: Uint8Array): Promise<void> {
    checkFrameBytes(frame, this.#protocol)
    if (this.#failure) throw this.#failure
    if (this.#finished) throw writingFinished()
    try {
      await this.#bytes.write(prefixLength(frame))
    } catch (cause) {
      throw this.#failure ?? streamReset(cause)
    }
  }

  async close(): Promise<void> {
    if (this.#finished) return
    this.#finished = true
    // A stream that broke meanwhile is closed all the same.
    await this.#stream.close({ signal: AbortSignal.timeout(closeTimeoutMs) }).catch(() => {})
  }

  abort(error: Error): void {
    this.#failure ??= abortedStream(error)
    this.#finished = true
    this.#stream.abort(error)
  }

  #take(): Uint8Array | null {
    try {
      return this.#decoder.take()
    } catch (error) {
      this.abort(error as Error)
      throw error
    }
  }

  async #readBytes(signal: AbortSignal | undefined): Promise<Uint8Array | null> {
    if (signal?.aborted) throw abortedWait(signal)
    try {
      const bytes = await this.#bytes.read({ signal })
      return bytes?.subarray() ?? null
    } catch (cause) {
      if (signal?.aborted) throw abortedWait(signal)
      throw (this.#failure ??= streamReset(cause))
    }
  }

  /** Tells a finished stream from a broken one: libp2p reports a lost link as an end. */
  #end(): null {
    const { status } = this.#stream
    const lost = status !== 'open' && !(status === 'closed' && this.#finished)
    if (lost || this.#decoder.incomplete) throw (this.#failure ??= streamReset())
    return null
  }
}
