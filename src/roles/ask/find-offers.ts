import { sameAddress } from '../../domain/bytes.ts'
import type { Task } from '../../domain/job.ts'
import { type ModelId, type ModelListing, royaltyListing } from '../../domain/model.ts'
import type { Network } from '../../domain/network.ts'
import { type SignedOffer, servesTask } from '../../domain/offer.ts'
import type { Clock, Directory } from '../../ports/index.ts'
import { verifiedOffers } from './verified-offers.ts'

/** Where offers are listed, and which of them this tab could pay. */
export type FindOffersDeps = {
  directory: Directory
  clock: Clock
  network: Network
  ownPeerId: string
  /** Returns a model's listing as far as this tab knows it; without it none is known. */
  listingOf?: (modelId: ModelId) => ModelListing | null
}

/** A model, and what it is to do. */
export type Wanted = { modelId: ModelId; task: Task }

/**
 * Returns the offers to do something that this tab can pay: signatures checked, the newest of each provider's tab. Where
 * the model is known to owe a royalty, an offer that would keep it from its publisher is left out.
 */
export async function findOffers(
  { modelId, task }: Wanted,
  { directory, clock, network, ownPeerId, listingOf = () => null }: FindOffersDeps,
  signal?: AbortSignal,
): Promise<SignedOffer[]> {
  const { offers } = await directory.list(signal)
  const listing = listingOf(modelId)
  // Only the bond shares earnings with a publisher: without one no offer names a listing.
  const owed = listing && network.bond ? royaltyListing({ listing }) : null
  const payable = offers.filter(
    ({ offer }) =>
      offer.modelId === modelId &&
      servesTask(offer, task) &&
      (owed === null || offer.listingId === owed.listingId) &&
      offer.peerId !== ownPeerId &&
      offer.chainId === network.chainId &&
      sameAddress(offer.settlement, network.settlement) &&
      sameAddress(offer.token, network.token),
  )
  return verifiedOffers(payable, clock)
}
