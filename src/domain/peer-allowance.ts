import type { PeerId } from './bytes.ts'

const windowMs = 60_000

/** What may be taken in one minute. */
export type Allowance = { perPeer: number; inAll: number }

/** Counts what peers take of something, each minute anew. */
export class PeerAllowance {
  readonly #most: Allowance
  readonly #taken = new Map<PeerId, number>()
  #takenInAll = 0
  #untilMs = -Infinity

  constructor(most: Allowance) {
    this.#most = most
  }

  /** Books what a peer takes, or returns false when it, or all of them, have had enough: only the last may exceed it. */
  take(peer: PeerId, amount: number, nowMs: number): boolean {
    if (nowMs >= this.#untilMs) this.#begin(nowMs)
    const taken = this.#taken.get(peer) ?? 0
    if (taken >= this.#most.perPeer || this.#takenInAll >= this.#most.inAll) return false
    this.#taken.set(peer, taken + amount)
    this.#takenInAll += amount
    return true
  }

  #begin(nowMs: number): void {
    this.#untilMs = nowMs + windowMs
    this.#taken.clear()
    this.#takenInAll = 0
  }
}
