import type { PeerId } from '../domain/bytes.ts'
import type { ModelId } from '../domain/model.ts'
import type { Holders } from '../ports/holders.ts'
import { limits } from '../protocol/limits.ts'
import { noRelay } from './stream-errors.ts'

type Announced = { models: ModelId[]; expiresAtMs: number }

/** What the tabs of one memory network say they hold. */
export class MemoryHoldings {
  readonly #announced = new Map<PeerId, Announced>()
  readonly #nowMs: () => number

  constructor(nowMs: () => number) {
    this.#nowMs = nowMs
  }

  put(peer: PeerId, models: ModelId[]): void {
    const expiresAtMs = this.#nowMs() + limits.holdingLifetimeSeconds * 1000
    this.#announced.set(peer, { models: models.slice(0, limits.modelsPerHolder), expiresAtMs })
  }

  forget(peer: PeerId): void {
    this.#announced.delete(peer)
  }

  holdersOf(model: ModelId): PeerId[] {
    return [...this.#announced]
      .filter(([, { models, expiresAtMs }]) => expiresAtMs > this.#nowMs() && models.includes(model))
      .map(([peer]) => peer)
  }
}

/** One tab's way to what all of them hold. */
export function createMemoryHolders(
  peerId: PeerId,
  holdings: MemoryHoldings,
  relayUp: () => boolean,
): Holders {
  return {
    async announce(models) {
      if (!relayUp()) throw noRelay()
      holdings.put(peerId, models)
    },
    async find(model) {
      if (!relayUp()) throw noRelay()
      const holders = holdings.holdersOf(model)
      const peers = holders.filter((peer) => peer !== peerId).slice(0, limits.holdersPerAnswer)
      return { peers, count: holders.length }
    },
  }
}
