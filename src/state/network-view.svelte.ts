import type { ModelId } from '../domain/model.ts'
import { isLocalChain, type Network } from '../domain/network.ts'
import type { Offer } from '../domain/offer.ts'
import { toFailure, type Failure } from './failure.ts'
import type { Tab } from './tab.ts'

const retryMs = 3_000

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
  #joined = $state(false)

  constructor(tab: Tab) {
    this.#tab = tab
  }

  get state(): 'connecting' | 'online' | 'unreachable' {
    if (this.#joined && this.relays > 0) return 'online'
    return this.failure || this.#joined ? 'unreachable' : 'connecting'
  }

  /** Whether the money is play money. */
  get local(): boolean {
    return this.network !== null && isLocalChain(this.network)
  }

  get modelIds(): ModelId[] {
    return [...new Set(this.offers.map((offer) => offer.modelId))]
  }

  /** Joins the network, trying again until it works or the page goes. Returns a function that leaves. */
  join(): () => void {
    const leaving: (() => void)[] = []
    let left = false
    const attempt = async () => {
      try {
        leaving.push(...(await this.#watch()))
      } catch (error) {
        this.failure = toFailure(error)
        if (left) return
        const timer = setTimeout(attempt, retryMs)
        leaving.push(() => clearTimeout(timer))
      }
      if (left) leaving.forEach((leave) => leave())
    }
    void attempt()
    return () => {
      left = true
      leaving.forEach((leave) => leave())
    }
  }

  async #watch(): Promise<(() => void)[]> {
    this.network = await this.#tab.network()
    const link = await this.#tab.link()
    this.peerId = link.peerId
    this.relays = link.status().relays
    const directory = await this.#tab.directory()
    this.#joined = true
    this.failure = null
    return [
      link.watchStatus((status) => (this.relays = status.relays)),
      directory.watch((view) => {
        this.offers = view.offers.map((signed) => signed.offer)
        this.tabs = view.peers
      }),
    ]
  }
}
