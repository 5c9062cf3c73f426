/** Counts what each peer has open, up to a maximum. */
export class StreamQuota {
  readonly #maxPerPeer: number
  readonly #open = new Map<string, number>()

  constructor(maxPerPeer: number) {
    this.#maxPerPeer = maxPerPeer
  }

  /** Takes a place, or returns false when the peer has none left. */
  take(peer: string): boolean {
    const open = this.#open.get(peer) ?? 0
    if (open >= this.#maxPerPeer) return false
    this.#open.set(peer, open + 1)
    return true
  }

  free(peer: string): void {
    const open = (this.#open.get(peer) ?? 0) - 1
    if (open > 0) this.#open.set(peer, open)
    else this.#open.delete(peer)
  }
}
