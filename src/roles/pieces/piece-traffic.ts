/** A call for each frame would keep the page busy. */
const tellEveryBytes = 1 << 20

/** What went to other tabs and came from them since the page was opened. */
export class PieceTraffic {
  sentBytes = 0
  receivedBytes = 0
  #untoldBytes = 0
  readonly #listeners = new Set<() => void>()

  send(bytes: number): void {
    this.sentBytes += bytes
    this.#count(bytes)
  }

  receive(bytes: number): void {
    this.receivedBytes += bytes
    this.#count(bytes)
  }

  /** Calls back every mebibyte. Returns an unsubscribe. */
  watch(onChange: () => void): () => void {
    this.#listeners.add(onChange)
    return () => void this.#listeners.delete(onChange)
  }

  #count(bytes: number): void {
    this.#untoldBytes += bytes
    if (this.#untoldBytes < tellEveryBytes) return
    this.#untoldBytes = 0
    for (const listener of this.#listeners) listener()
  }
}
