import type { PeerId } from '../domain/bytes.ts'
import type { FrameStream } from '../ports/transport.ts'
import type { ProtocolSpec } from '../protocol/protocols.ts'
import { abortedStream, abortedWait, checkFrameBytes, streamReset, writingFinished } from './stream-errors.ts'

/** Frames on their way before a writer waits. */
const congestedFrames = 16

/** One direction of a stream: frames in order, bounded, with an end or a failure. */
class FrameQueue {
  #frames: Uint8Array[] = []
  #onTheWay = 0
  #ended = false
  #failure: Error | null = null
  #wake: (() => void)[] = []

  /** Waits while the link is congested, then reserves the place of one frame. */
  async reserve(): Promise<void> {
    while (!this.#failure && this.#frames.length + this.#onTheWay >= congestedFrames) await this.#change()
    if (this.#failure) throw this.#failure
    this.#onTheWay += 1
  }

  push(frame: Uint8Array): void {
    if (this.#failure) return
    this.#onTheWay -= 1
    this.#frames.push(frame)
    this.#notify()
  }

  end(): void {
    this.#ended = true
    this.#notify()
  }

  fail(error: Error): void {
    if (this.#failure) return
    this.#failure = error
    this.#frames = []
    this.#notify()
  }

  async shift(signal?: AbortSignal): Promise<Uint8Array | null> {
    while (true) {
      if (this.#failure) throw this.#failure
      if (signal?.aborted) throw abortedWait(signal)
      const frame = this.#frames.shift()
      if (frame) {
        this.#notify()
        return frame
      }
      if (this.#ended) return null
      await this.#change(signal)
    }
  }

  #change(signal?: AbortSignal): Promise<void> {
    return new Promise((resolve) => {
      const done = () => {
        signal?.removeEventListener('abort', done)
        resolve()
      }
      this.#wake.push(done)
      signal?.addEventListener('abort', done, { once: true })
    })
  }

  #notify(): void {
    for (const wake of this.#wake.splice(0)) wake()
  }
}

type Side = { remotePeer: PeerId; incoming: FrameQueue; outgoing: FrameQueue }

/** Hands a step over to the other side, in order and after the network's delay. */
export type Carry = (step: () => void) => void

/** Both ends of a stream; `onOver` is called once, when it is finished in both directions or broken. */
export function memoryStreamPair(
  protocol: ProtocolSpec,
  dialler: PeerId,
  listener: PeerId,
  carry: () => Carry,
  onOver: () => void,
): [FrameStream, FrameStream] {
  const toListener = new FrameQueue()
  const toDialler = new FrameQueue()
  let openDirections = 2
  const endDirection = () => {
    openDirections -= 1
    if (openDirections === 0) onOver()
  }
  const end = (side: Side): FrameStream => memoryStream(protocol, side, carry(), endDirection, onOver)
  return [
    end({ remotePeer: listener, incoming: toDialler, outgoing: toListener }),
    end({ remotePeer: dialler, incoming: toListener, outgoing: toDialler }),
  ]
}

function memoryStream(
  protocol: ProtocolSpec,
  { remotePeer, incoming, outgoing }: Side,
  carry: Carry,
  onEnd: () => void,
  onBroken: () => void,
): FrameStream {
  let finished = false
  return {
    remotePeer,
    read: (signal) => incoming.shift(signal),
    async write(frame) {
      checkFrameBytes(frame, protocol)
      if (finished) throw writingFinished()
      await outgoing.reserve()
      const copy = frame.slice()
      carry(() => outgoing.push(copy))
    },
    async close() {
      if (finished) return
      finished = true
      carry(() => outgoing.end())
      onEnd()
    },
    abort(error) {
      finished = true
      incoming.fail(abortedStream(error))
      outgoing.fail(streamReset(error))
      onBroken()
    },
  }
}
