import type { PeerId } from '../src/domain/bytes.ts'
import type { ModelId } from '../src/domain/model.ts'
import { limits } from '../src/protocol/limits.ts'

/** What tabs say they hold, each until it expires, is taken back or its tab leaves. Nothing is checked here. */
export class HolderBoard {
  readonly #expiresAtSeconds = new Map<PeerId, number>()
  readonly #modelsOf = new Map<PeerId, ModelId[]>()
  readonly #holdersOf = new Map<ModelId, Set<PeerId>>()
  readonly #maxTabs: number
  readonly #nowSeconds: () => number

  constructor(maxTabs: number, nowSeconds: () => number = () => Date.now() / 1000) {
    this.#maxTabs = maxTabs
    this.#nowSeconds = nowSeconds
  }

  /** Tabs that hold something. */
  get size(): number {
    return this.#modelsOf.size
  }

  /** Puts down what a tab holds in place of what it said before; returns false when the board is full. */
  put(peer: PeerId, models: ModelId[]): boolean {
    this.remove(peer)
    this.#sweep()
    if (models.length === 0) return true
    if (this.size >= this.#maxTabs) return false
    const different = [...new Set(models)].slice(0, limits.modelsPerHolder)
    this.#expiresAtSeconds.set(peer, this.#nowSeconds() + limits.holdingLifetimeSeconds)
    this.#modelsOf.set(peer, different)
    for (const model of different) {
      this.#holdersOf.set(model, (this.#holdersOf.get(model) ?? new Set()).add(peer))
    }
    return true
  }

  remove(peer: PeerId): void {
    for (const model of this.#modelsOf.get(peer) ?? []) {
      const holders = this.#holdersOf.get(model)
      holders?.delete(peer)
      if (holders?.size === 0) this.#holdersOf.delete(model)
    }
    this.#modelsOf.delete(peer)
    this.#expiresAtSeconds.delete(peer)
  }

  /** Returns who holds a model, but for the tab that asks: some of them, by chance, and how many there are. */
  find(model: ModelId, asker: PeerId): { peers: PeerId[]; count: number } {
    this.#sweep()
    const holders = [...(this.#holdersOf.get(model) ?? [])]
    const peers = holders.filter((peer) => peer !== asker)
    return { peers: draw(peers, limits.holdersPerAnswer), count: holders.length }
  }

  /** What was put down first expires first. */
  #sweep(): void {
    const nowSeconds = this.#nowSeconds()
    for (const [peer, expiresAtSeconds] of this.#expiresAtSeconds) {
      if (expiresAtSeconds > nowSeconds) return
      this.remove(peer)
    }
  }
}

/** Returns so many of the items, each set of them as likely as another. */
function draw<item>(items: item[], count: number): item[] {
  for (let place = 0; place < Math.min(count, items.length); place++) {
    const other = place + Math.floor(Math.random() * (items.length - place))
    const [here, there] = [items[place]!, items[other]!]
    items[place] = there
    items[other] = here
  }
  return items.slice(0, count)
}
