import { type Address, sameAddress } from '../domain/bytes.ts'
import { type CatalogueEntry, type ModelListing, listingFolders } from '../domain/model.ts'
import type { Chain, DocumentStore, Manifests } from '../ports/index.ts'

/** Newest listings that are looked at. */
const mostListings = 64
/** Manifests that are brought at the same time. */
const atOnce = 4

/** Where listings and manifests come from, and where they are kept. */
export type ListedModelsDeps = {
  chain: Pick<Chain, 'listings'>
  manifests: Pick<Manifests, 'kept' | 'bring'>
  documents: Pick<DocumentStore, 'get' | 'put'>
}

/** Models that their publishers listed on the chain. */
export interface ListedModels {
  /** Adds what is listed to the page's own models; a model of the page owes a royalty only to the publisher it names. */
  addTo(own: CatalogueEntry[]): Promise<CatalogueEntry[]>
  /** Reads the newest listings and brings manifests that are missing. Returns whether anything is new. */
  refresh(signal?: AbortSignal): Promise<boolean>
}

/** Returns what is listed, as it was known when this page was last open until it is refreshed. */
export function createListedModels({ chain, manifests, documents }: ListedModelsDeps): ListedModels {
  let listings: Promise<ModelListing[]> | null = null
  const known = () => {
    listings ??= documents.get('settings', 'listings').then(
      (kept) => (kept as ModelListing[] | undefined) ?? [],
      () => [],
    )
    return listings
  }

  const entryOf = async (listing: ModelListing): Promise<CatalogueEntry[]> => {
    const manifest = await manifests.kept(listing.modelId)
    if (!manifest) return []
    const description = `Published by ${shortAddress(listing.publisher)}.`
    return [{ id: listing.modelId, manifest, sources: listingFolders(listing), description, listing }]
  }

  return {
    async addTo(own) {
      const all = await known()
      const named = own.map((entry) => {
        const { publisher } = entry
        const listing = publisher && all.find((one) => one.modelId === entry.id && isBy(one, publisher))
        return listing ? { ...entry, listing } : entry
      })
      const others = firstOfEach(all).filter(({ modelId }) => !own.some(({ id }) => id === modelId))
      return [...named, ...(await Promise.all(others.map(entryOf))).flat()]
    },
    async refresh(signal) {
      const before = await known()
      const newest = (await chain.listings(0, mostListings)).filter(({ isDeprecated }) => !isDeprecated)
      let isChanged = idsOf(newest) !== idsOf(before)
      if (isChanged) await documents.put('settings', 'listings', newest)
      listings = Promise.resolve(newest)
      const bring = async (listing: ModelListing) => {
        if (await manifests.kept(listing.modelId)) return
        signal?.throwIfAborted()
        const manifest = await manifests
          .bring(listing.modelId, listingFolders(listing), signal)
          .catch(() => null)
        isChanged ||= manifest !== null
      }
      const waiting = firstOfEach(newest)
      const work = async () => {
        for (let next = waiting.shift(); next; next = waiting.shift()) await bring(next)
      }
      await Promise.all(Array.from({ length: atOnce }, work))
      return isChanged
    },
  }
}

/** Returns each model's oldest listing: whoever lists it later takes nobody's place. */
function firstOfEach(newestFirst: ModelListing[]): ModelListing[] {
  return [...new Map(newestFirst.map((listing) => [listing.modelId, listing])).values()]
}

function isBy({ publisher }: ModelListing, account: Address): boolean {
  return sameAddress(publisher, account)
}

function idsOf(listings: ModelListing[]): string {
  return listings.map(({ listingId }) => listingId).join()
}

function shortAddress(address: Address): string {
  return `${address.slice(0, 6)}…${address.slice(-4)}`
}
