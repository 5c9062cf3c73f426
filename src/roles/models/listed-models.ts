import type { Address } from '../../domain/bytes.ts'
import { GrowingRests } from '../../domain/growing-rests.ts'
import { type CatalogueEntry, type ModelId, type ModelListing, listingFolders } from '../../domain/model.ts'
import type { Clock, DocumentStore, LoadedCatalogue, Manifests } from '../../ports/index.ts'
import { inLanes } from './in-lanes.ts'
import {
  type KnownListings,
  type ListingReaderDeps,
  type ReadListings,
  createListingReader,
  findListing,
  nothingKnown,
} from './read-listings.ts'

/** Manifests that are brought at the same time. */
const atOnce = 8
/** How long a refresh waits for manifests. What comes later, the next one tells. */
const patienceMs = 10_000
/** Stands for the page's own catalogue among what rests. */
const ownCatalogue = 'own'
/** Where what is known is kept, among the settings. */
const documentKey = 'known-listings'

/** Where listings and manifests come from, and where they are kept. */
export type ListedModelsDeps = ListingReaderDeps & {
  clock: Clock
  manifests: Pick<Manifests, 'kept' | 'bring' | 'retain'>
  documents: Pick<DocumentStore, 'get' | 'put'>
  /** Models of which pieces are kept here. */
  held: () => Promise<readonly ModelId[]>
}

/** Models that their publishers listed on the chain. */
export interface ListedModels {
  /**
   * Adds what is listed to the page's own models; a model of the page owes a royalty only to the publisher it names.
   * Where the page's own catalogue cannot be read, what was read of it before counts.
   * @throws whatever `loadOwn` threw, when nothing is known
   */
  addTo(loadOwn: () => Promise<LoadedCatalogue>): Promise<CatalogueEntry[]>
  /** Returns the listing of a model as it was last given by `addTo`; null where there is none. */
  readonly listingOf: (id: ModelId) => ModelListing | null
  /** Reads the listings and brings manifests that are missing. Returns whether the list of models should be read anew. */
  refresh(signal?: AbortSignal): Promise<boolean>
}

/** Returns what is listed, as it was known when this page was last open until it is refreshed. */
export function createListedModels(deps: ListedModelsDeps): ListedModels {
  return new ChainListedModels(deps)
}

class ChainListedModels implements ListedModels {
  readonly #deps: ListedModelsDeps
  readonly #readListings: ReadListings
  readonly #rests = new GrowingRests(30_000, 6 * 3_600_000)
  readonly #ownRests = new GrowingRests(30_000, 600_000)
  #known: Promise<KnownListings> | null = null
  #held: readonly ModelId[] = []
  #own: readonly CatalogueEntry[] = []
  #isOwnWhole = true
  /** As `addTo` last gave them. */
  #given: readonly CatalogueEntry[] = []
  /** Whether something has come that no refresh has told. */
  #isNew = false
  #bringing: Promise<void> | null = null

  constructor(deps: ListedModelsDeps) {
    this.#deps = deps
    this.#readListings = createListingReader(deps)
  }

  async addTo(loadOwn: () => Promise<LoadedCatalogue>): Promise<CatalogueEntry[]> {
    const known = await this.#recall()
    const [failure] = await this.#loadOwn(loadOwn)
    const named = this.#own.map((entry) => {
      const listing = entry.publisher && findListing(known.listings, entry.id, entry.publisher)
      return listing ? { ...entry, listing } : entry
    })
    const listed = await Promise.all(this.#others(known).map((listing) => this.#entryOf(listing)))
    const entries = [...named, ...listed.filter((entry) => entry !== null)]
    if (entries.length === 0 && failure !== undefined) throw failure
    this.#given = entries
    return entries
  }

  readonly listingOf = (id: ModelId): ModelListing | null => {
    return this.#given.find((entry) => entry.id === id)?.listing ?? null
  }

  async refresh(signal?: AbortSignal): Promise<boolean> {
    const { clock, documents, held, manifests } = this.#deps
    const before = await this.#recall()
    this.#held = await held().catch(() => this.#held)
    const publishers = this.#own.flatMap(({ id, publisher }) => (publisher ? [[id, publisher] as const] : []))
    const known = await this.#readListings(before, { held: this.#held, named: new Map(publishers) })
    this.#known = Promise.resolve(known)
    if (factsOf(known) !== factsOf(before)) {
      this.#isNew = true
      await documents.put('settings', documentKey, known)
    }
    const listed = new Set(known.listings.map(({ modelId }) => modelId))
    manifests.retain({ held: new Set(this.#held), listed })
    await this.#waitFor(this.#bringMissing(known, signal))
    signal?.throwIfAborted()
    const isNew = this.#isNew || (!this.#isOwnWhole && this.#ownRests.mayAsk(ownCatalogue, clock.nowMs()))
    this.#isNew = false
    return isNew
  }

  #recall(): Promise<KnownListings> {
    this.#known ??= this.#deps.documents.get('settings', documentKey).then(
      (kept) => (kept as KnownListings | undefined) ?? nothingKnown,
      () => nothingKnown,
    )
    return this.#known
  }

  /** Returns why not all of the page's own models are there. What was read before stays. */
  async #loadOwn(loadOwn: () => Promise<LoadedCatalogue>): Promise<unknown[]> {
    const nothing = (failure: unknown) => ({ entries: [], failures: [failure] })
    const { entries, failures } = await loadOwn().catch(nothing)
    this.#isOwnWhole = failures.length === 0
    const earlier = this.#isOwnWhole ? [] : this.#own
    this.#own = [...entries, ...earlier.filter(({ id }) => !entries.some((entry) => entry.id === id))]
    const nowMs = this.#deps.clock.nowMs()
    if (this.#isOwnWhole) this.#ownRests.succeeded(ownCatalogue)
    else if (this.#ownRests.mayAsk(ownCatalogue, nowMs)) this.#ownRests.failed(ownCatalogue, nowMs)
    return failures
  }

  /** Returns the listing that counts of each model that is not the page's own: who lists it later takes nobody's place. */
  #others({ listings, firsts }: KnownListings): ModelListing[] {
    const own = new Set(this.#own.map(({ id }) => id))
    return [...new Set(listings.map(({ modelId }) => modelId))].flatMap((modelId) => {
      const first = own.has(modelId) ? undefined : firsts.get(modelId)
      return (first && findListing(listings, modelId, first)) || []
    })
  }

  async #entryOf(listing: ModelListing): Promise<CatalogueEntry | null> {
    const { modelId: id, publisher } = listing
    const manifest = await this.#deps.manifests.kept(id)
    if (!manifest) return null
    const description = `Published by ${shortAddress(publisher)}.`
    return { id, manifest, sources: listingFolders(listing), description, listing }
  }

  /** Begins to bring what is missing, unless that is under way. */
  #bringMissing(known: KnownListings, signal: AbortSignal | undefined): Promise<void> {
    const bring = (listing: ModelListing) => this.#bring(listing, signal)
    this.#bringing ??= inLanes(this.#others(known), atOnce, bring).finally(() => (this.#bringing = null))
    return this.#bringing
  }

  /** A listing can name anybody's server: it is asked less and less often for what it does not have. */
  async #bring(listing: ModelListing, signal: AbortSignal | undefined): Promise<void> {
    const { manifests, clock } = this.#deps
    const { listingId, modelId } = listing
    if (signal?.aborted || !this.#rests.mayAsk(listingId, clock.nowMs())) return
    if (await manifests.kept(modelId)) return
    try {
      await manifests.bring(modelId, listingFolders(listing), signal)
      this.#rests.succeeded(listingId)
      this.#isNew = true
    } catch {
      this.#rests.failed(listingId, clock.nowMs())
    }
  }

  async #waitFor(work: Promise<void>): Promise<void> {
    const done = new AbortController()
    const patience = this.#deps.clock.sleep(patienceMs, done.signal).catch(() => {})
    await Promise.race([work, patience]).finally(() => done.abort())
  }
}

/** Returns what tells whether what is known has changed. */
function factsOf({ listings, firsts, newest }: KnownListings): string {
  const facts = listings.map(({ listingId, modelId, sources }) => [
    listingId,
    firsts.get(modelId),
    ...sources,
  ])
  return JSON.stringify([newest, facts])
}

function shortAddress(address: Address): string {
  return `${address.slice(0, 6)}…${address.slice(-4)}`
}
