import type { Hub } from '../domain/hub.ts'
import type { ModelId } from '../domain/model.ts'
import { isLocalChain, type Network } from '../domain/network.ts'
import type { Offer } from '../domain/offer.ts'
import { toFailure, type Failure } from './failure.ts'
import type { Tab } from './tab.ts'

const retryMs = 3_000
const overdueMs = 6_000

/** Who is there: tabs, offers, models, relays. Goes on trying while no relay answers. */
export class NetworkView {
  #tab: Tab
  network = $state.raw<Network | null>(null)
  offers = $state.raw<Offer[]>([])
  /** Tabs connected to the relays, this one included. */
  tabs = $state(0)
  relays = $state(0)
  peerId = $state<string | null>(null)
  /** Why the last try to reach the network failed. */
  failure = $state.raw<Failure | null>(null)
  /** Whether it has taken longer than a relay needs. */
  #overdue = $state(false)
  #reached = Promise.withResolvers<void>()

  constructor(tab: Tab) {
    this.#tab = tab
  }

  get state(): 'connecting' | 'online' | 'unreachable' {
    if (this.relays > 0) return 'online'
    return this.failure || this.#overdue ? 'unreachable' : 'connecting'
  }

  /** Resolves as soon as a relay has been there. */
  get reached(): Promise<void> {
    return this.#reached.promise
  }

  /** Whether the money is play money. */
  get local(): boolean {
    return this.network !== null && isLocalChain(this.network)
  }

  get modelIds(): ModelId[] {
    return [...new Set(this.offers.map((offer) => offer.modelId))]
  }

  /** What other tabs offer of a model. */
  offersOfOthers(modelId: ModelId): Offer[] {
    return this.offers.filter((offer) => offer.modelId === modelId && offer.peerId !== this.peerId)
  }

  /** Who offers a model: others, this tab alone, or nobody. */
  offeredBy(modelId: ModelId): 'others' | 'this-tab' | 'nobody' {
    if (this.offersOfOthers(modelId).length > 0) return 'others'
    return this.modelIds.includes(modelId) ? 'this-tab' : 'nobody'
  }

  /** Relays that pass payments on, by the offers that name them, cheapest first. */
  get hubs(): Hub[] {
    const byAccount = new Map(this.offers.flatMap(({ hubs }) => hubs.map((hub) => [hub.account, hub])))
    return [...byAccount.values()].sort((a, b) => a.spreadMillionths - b.spreadMillionths)
  }

  /** Joins the network, trying again until it works. From then on everything keeps itself up to date. */
  async join(): Promise<void> {
    setTimeout(() => (this.#overdue = true), overdueMs)
    while (true) {
      try {
        return await this.#watch()
      } catch (error) {
        this.failure = toFailure(error)
        await new Promise((resolve) => setTimeout(resolve, retryMs))
      }
    }
  }

  async #watch(): Promise<void> {
    this.network = await this.#tab.network()
    const link = await this.#tab.link()
    const offers = await this.#tab.offers()
    this.peerId = link.peerId
    this.failure = null
    link.watchStatus((status) => this.#count(status.relays.length))
    this.#count(link.status().relays.length)
    offers.watch((view) => {
      this.offers = view.offers.map((signed) => signed.offer)
      this.tabs = view.peers
    })
  }

  #count(relays: number): void {
    this.relays = relays
    if (relays > 0) this.#reached.resolve()
  }
}
