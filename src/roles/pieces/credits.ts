import { ProtocolError } from '../../errors/index.ts'
import { limits } from '../../protocol/limits.ts'

/** How many frames of bytes may still be sent before the reader has taken more. */
export class Credits {
  #frames: number = limits.pieceFramesAhead
  #wake = Promise.withResolvers<void>()

  /** @throws ProtocolError `protocol/unexpected-frame` when more is given than was ever sent */
  give(frames: number): void {
    this.#frames += frames
    if (this.#frames > limits.pieceFramesAhead) {
      throw new ProtocolError(
        'protocol/unexpected-frame',
        'The other side gave credit for what was not sent.',
      )
    }
    this.#wake.resolve()
  }

  /** Waits for a frame's credit and takes it. */
  async take(signal: AbortSignal): Promise<void> {
    while (this.#frames === 0) {
      signal.throwIfAborted()
      this.#wake = Promise.withResolvers()
      const giveUp = () => this.#wake.resolve()
      signal.addEventListener('abort', giveUp, { once: true })
      await this.#wake.promise
      signal.removeEventListener('abort', giveUp)
    }
    signal.throwIfAborted()
    this.#frames -= 1
  }
}
