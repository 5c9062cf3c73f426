import { sameAddress } from '../domain/bytes.ts'
import type { Task } from '../domain/job.ts'
import type { ModelId } from '../domain/model.ts'
import type { Network } from '../domain/network.ts'
import { type SignedOffer, servesTask } from '../domain/offer.ts'
import type { Clock, Directory } from '../ports/index.ts'
import { verifiedOffers } from './verified-offers.ts'

/** Where offers are listed, and which of them this tab could pay. */
export type FindOffersDeps = { directory: Directory; clock: Clock; network: Network; ownPeerId: string }

/** A model, and what it is to do. */
export type Wanted = { modelId: ModelId; task: Task }

/** Returns the offers to do something that this tab can pay: signatures checked, the newest of each provider's tab. */
export async function findOffers(
  { modelId, task }: Wanted,
  { directory, clock, network, ownPeerId }: FindOffersDeps,
  signal?: AbortSignal,
): Promise<SignedOffer[]> {
  const { offers } = await directory.list(signal)
  const payable = offers.filter(
    ({ offer }) =>
      offer.modelId === modelId &&
      servesTask(offer, task) &&
      offer.peerId !== ownPeerId &&
      offer.chainId === network.chainId &&
      sameAddress(offer.settlement, network.settlement) &&
      sameAddress(offer.token, network.token),
  )
  return verifiedOffers(payable, clock)
}
