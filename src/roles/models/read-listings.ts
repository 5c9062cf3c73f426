import { type Address, type Hex, sameAddress } from '../../domain/bytes.ts'
import type { ModelId, ModelListing } from '../../domain/model.ts'
import { SourceRests } from '../../domain/source-rests.ts'
import type { Clock, ModelRegistry } from '../../ports/index.ts'
import { inLanes } from './in-lanes.ts'

/** Newest listings whose models are shown. */
const mostShown = 64
/** Pages of so many that are looked through, back to what was read before. */
const mostPages = 32
/** Models of which it is remembered who listed them first. */
const mostFirsts = 4_096
/** How long what the chain said of an older listing counts. */
const recheckMs = 600_000
const atOnce = 4

/** What is known of the listings on the chain. */
export type KnownListings = {
  /** Listings that stand. */
  listings: readonly ModelListing[]
  /** Who listed each model first, as far as this browser has read. */
  firsts: ReadonlyMap<ModelId, Address>
  /** The newest listing that was read. */
  newest: Hex | null
}

/** Before the chain was ever read. */
export const nothingKnown: KnownListings = { listings: [], firsts: new Map(), newest: null }

/** Models whose listings matter however old they are. */
export type WantedListings = {
  /** Models that are kept here. */
  held: Iterable<ModelId>
  /** Models of the page, with the publisher that it names. */
  named: ReadonlyMap<ModelId, Address>
}

/** Where listings are read, and what tells how long ago that was. */
export type ListingReaderDeps = {
  /** Opens the registry, when listings are read. */
  registry: () => Promise<Pick<ModelRegistry, 'listings' | 'listing'>>
  clock: Pick<Clock, 'nowMs'>
}

/** Reads the chain again and returns what is known then. @throws ChainError */
export type ReadListings = (known: KnownListings, wanted: WantedListings) => Promise<KnownListings>

/** A listing, or why there is none: it is gone, or the chain cannot be asked. */
type Found = ModelListing | 'gone' | 'unknown'

/**
 * Returns a reader of listings: of the newest, and by themselves of older ones that matter here. So whoever lists much
 * can push nobody out of what is kept here, nor take the place of who listed a model first.
 */
export function createListingReader({ registry, clock }: ListingReaderDeps): ReadListings {
  const checked = new SourceRests<ModelListing | 'gone'>()

  const findOlder = async (modelId: ModelId, publisher: Address, known: KnownListings): Promise<Found> => {
    const [name, nowMs] = [`${modelId} ${publisher.toLowerCase()}`, clock.nowMs()]
    const before = checked.reason(name, nowMs)
    if (before) return before
    try {
      const found = (await (await registry()).listing(modelId, publisher)) ?? 'gone'
      checked.rest(name, nowMs + recheckMs, found)
      return found
    } catch {
      return findListing(known.listings, modelId, publisher) ?? 'unknown'
    }
  }

  return async (known, { held, named }) => {
    const read = await readNewest(await registry(), known.newest)
    const listings = read.slice(0, mostShown).filter(stands)
    const firsts = withFirsts(known.firsts, read)
    /** Sees to it that a listing is there if it stands. Returns false when it is gone for good. */
    const have = async (modelId: ModelId, publisher: Address): Promise<boolean> => {
      if (findListing(listings, modelId, publisher)) return true
      const found = findListing(read, modelId, publisher) ?? (await findOlder(modelId, publisher, known))
      if (found === 'gone' || found === 'unknown') return found === 'unknown'
      if (stands(found)) listings.push(found)
      return stands(found)
    }
    const models = new Set([...listings.map(({ modelId }) => modelId), ...held, ...named.keys()])
    await inLanes([...models], atOnce, async (modelId) => {
      const [first, publisher] = [firsts.get(modelId), named.get(modelId)]
      if (publisher) await have(modelId, publisher)
      if (!first || (await have(modelId, first))) return
      firsts.delete(modelId)
      const next = read.findLast((listing) => listing.modelId === modelId && stands(listing))
      if (!next) return
      firsts.set(modelId, next.publisher)
      await have(modelId, next.publisher)
    })
    forgetOldest(firsts, models)
    return { listings, firsts, newest: read[0]?.listingId ?? known.newest }
  }
}

/** Returns the listings, newest first, back to one that was read before; without one, as far as is looked. */
async function readNewest(
  registry: Pick<ModelRegistry, 'listings'>,
  newest: Hex | null,
): Promise<ModelListing[]> {
  const read = new Map<Hex, ModelListing>()
  for (let page = 0; page < mostPages; page++) {
    const asking = registry.listings(page * mostShown, mostShown)
    // What lies deeper can wait for another time.
    const next = await (page === 0 ? asking : asking.catch(() => []))
    for (const listing of next) read.set(listing.listingId, listing)
    if (next.length < mostShown || (newest !== null && read.has(newest))) break
  }
  return [...read.values()]
}

/** Returns one publisher's listing of a model, or null. */
export function findListing(
  listings: readonly ModelListing[],
  modelId: ModelId,
  publisher: Address,
): ModelListing | null {
  const found = listings.find((one) => one.modelId === modelId && sameAddress(one.publisher, publisher))
  return found ?? null
}

function stands({ isDeprecated }: ModelListing): boolean {
  return !isDeprecated
}

/** Adds who listed a model first where nobody is known yet. */
function withFirsts(
  known: ReadonlyMap<ModelId, Address>,
  newestFirst: readonly ModelListing[],
): Map<ModelId, Address> {
  const firsts = new Map(known)
  for (const { modelId, publisher } of newestFirst.filter(stands).toReversed()) {
    if (!firsts.has(modelId)) firsts.set(modelId, publisher)
  }
  return firsts
}

/** Forgets who listed models first that are of no matter now, those read longest ago before the others. */
function forgetOldest(firsts: Map<ModelId, Address>, kept: ReadonlySet<ModelId>): void {
  for (const modelId of [...firsts.keys()]) {
    if (firsts.size <= mostFirsts) return
    if (!kept.has(modelId)) firsts.delete(modelId)
  }
}
