import { createContext } from 'svelte'
import type { CatalogueEntry } from '../domain/model.ts'
import { nextSmallerModel } from '../domain/smaller-model.ts'
import { surveyOffers } from '../domain/survey-offers.ts'
import { MarketError } from '../errors/index.ts'
import { Account } from './account.svelte.ts'
import { AskSettings } from './ask-settings.svelte.ts'
import { Conversation } from './conversation.svelte.ts'
import { Deal } from './deal.svelte.ts'
import { History } from './history.svelte.ts'
import { Lending } from './lending.svelte.ts'
import { RoomForModel } from './model-room.svelte.ts'
import { Models } from './models.svelte.ts'
import { Navigation } from './navigation.svelte.ts'
import { NetworkView } from './network-view.svelte.ts'
import { Publishing } from './publishing.svelte.ts'
import { ReceiptCheck } from './receipt-check.svelte.ts'
import { Receipts } from './receipts.svelte.ts'
import { Sending } from './sending.svelte.ts'
import { SharedModels } from './shared-models.svelte.ts'
import { Sharing } from './sharing.svelte.ts'
import type { Tab } from './tab.ts'
import { Wallet } from './wallet.svelte.ts'

/** The view models of one page, one for each thing a person looks at. */
export class Page {
  readonly navigation = new Navigation()
  readonly models: Models
  readonly network: NetworkView
  readonly settings: AskSettings
  readonly history: History
  readonly receipts: Receipts
  readonly conversation: Conversation
  readonly deal: Deal
  readonly sharing: Sharing
  readonly sharedModels: SharedModels
  readonly lending: Lending
  readonly publishing: Publishing
  readonly wallet: Wallet
  readonly account: Account
  readonly receiptCheck: () => ReceiptCheck
  readonly roomForModel: () => RoomForModel
  readonly sending: () => Sending

  constructor(tab: Tab) {
    this.models = new Models(tab)
    this.network = new NetworkView(tab)
    this.settings = new AskSettings(tab)
    this.history = new History(tab)
    this.receipts = new Receipts(tab, this.history)
    this.deal = new Deal(tab)
    this.conversation = new Conversation(tab, this.settings, this.history, this.deal)
    this.lending = new Lending(tab)
    this.sharing = new Sharing(tab, {
      onStart: () => void this.lending.begin().catch(() => {}),
      chosen: () => this.sharedModel,
      marketPrice: (id) => surveyOffers(this.network.offersOfOthers(id)).price?.middle ?? null,
    })
    const { models, network, sharing } = this
    this.sharedModels = new SharedModels(tab, { models, network, sharing })
    this.publishing = new Publishing(tab, {
      onPublished: () => Promise.all([models.refresh(), this.lending.begin()]),
    })
    this.account = new Account(tab, {
      isBusy: () => this.busy || this.sharing.active,
      reload: () => location.reload(),
    })
    this.wallet = new Wallet(tab, this.history)
    this.roomForModel = () => new RoomForModel(tab)
    this.receiptCheck = () => new ReceiptCheck(tab)
    this.sending = () => new Sending(tab, this.wallet, this.history)
  }

  /** The model to ask: the chosen one, or the first on offer, or the first there is. */
  get model(): CatalogueEntry | null {
    const { entries } = this.models
    const offered = entries.find((entry) => this.network.modelIds.includes(entry.id))
    return this.models.find(this.settings.modelId) ?? offered ?? entries[0] ?? null
  }

  /** The model that is shared, or would be. */
  get sharedModel(): CatalogueEntry | null {
    return this.sharedModels.chosen
  }

  /** The next smaller model, where the one to share found no memory. */
  get smallerModel(): CatalogueEntry | null {
    const { entry, outOfMemory, probe } = this.sharing
    if (!entry || !outOfMemory) return null
    return nextSmallerModel(this.models.entries, entry, probe?.memoryBytes ?? null)
  }

  #requireSharedModel(): CatalogueEntry {
    if (this.sharedModel) return this.sharedModel
    throw new MarketError('market/no-model', 'The list of models did not load.')
  }

  /** Whether closing the page would break somebody's answer, or what is being published. */
  get busy(): boolean {
    const { sharing, conversation, publishing } = this
    return sharing.status.jobs.length > 0 || conversation.current !== null || publishing.busy
  }

  /** Brings back what was kept, then joins the network. */
  start(): void {
    const { conversation, settings, sharing, lending, wallet } = this
    const listed = this.models.load()
    // What cannot be read starts afresh; nothing here is money.
    for (const part of [conversation, settings, lending, wallet]) part.restore().catch(() => {})
    // A tab that chooses by itself has to know the machine first.
    const chosen = async () => {
      await Promise.all([listed, sharing.terms.isAutomatic ? sharing.look() : null])
      return this.#requireSharedModel()
    }
    sharing.restore(chosen).catch(() => {})
    addEventListener('pagehide', () => sharing.leave())
    void this.network.join()
    // Manifests that no server has come from other tabs.
    void this.network.reached.then(() => this.models.follow())
    void this.account.watch()
    void wallet.watch()
  }
}

/** Gives a component the page's view models, set once at the root. */
export const [usePage, providePage] = createContext<Page>()
