import type { Hub } from '../../domain/hub.ts'
import type { Task } from '../../domain/job.ts'
import type { Offer, SignedOffer } from '../../domain/offer.ts'
import type { MicroUsd } from '../../domain/price.ts'
import { rankOffers } from '../../domain/rank-offers.ts'
import { canPayGas } from '../common/can-pay-gas.ts'
import type { KnownHubs } from '../hub/known-hubs.ts'
import { type FundDeps, freeMicroUsd, usableChannels } from './payer-channels.ts'

/** What routes are chosen by. */
export type RouteDeps = FundDeps & { hubs: KnownHubs }

/** An offer and how it would be paid: through a hub, or directly. */
export type RoutedOffer = SignedOffer & {
  hub: Hub | null
  /** Whether it names hubs of which none was met, and needs one unless a new direct channel pays. */
  lacksHub: boolean
}

/** Whether a direct channel can be opened and filled: the wallet's deposit takes gas, its own or its sender's. */
export async function canDeposit({ chain, wallet, sender = wallet }: FundDeps): Promise<boolean> {
  return (await canPayGas('deposit', sender, chain)) || canPayGas('deposit', wallet, chain)
}

/**
 * Returns the offers best for a task first, each with its way of payment: a direct channel that already covers the
 * job, else the cheapest hub that both sides share, else a new direct channel. One that would need gas which the wallet
 * lacks comes last. Where a royalty is owed a hub has to pay; without one the offer is left out.
 */
export async function routeOffers(
  offers: readonly SignedOffer[],
  task: Task,
  neededFor: (offer: Offer) => MicroUsd,
  deps: RouteDeps,
): Promise<RoutedOffer[]> {
  const routed = await Promise.all(
    offers.map(async (signed) => {
      const isDirect =
        signed.offer.listingId === null &&
        (await hasDirectChannel(signed.offer, neededFor(signed.offer), deps))
      const isFree = neededFor(signed.offer) === 0n
      const hub = isDirect || isFree ? null : await deps.hubs.cheapestFor(signed.offer)
      const needsGas = !isDirect && hub === null
      return { ...signed, hub, needsGas, lacksHub: needsGas && !isFree && signed.offer.hubs.length > 0 }
    }),
  )
  const payable = routed.filter(({ offer, hub }) => offer.listingId === null || hub !== null)
  const ranked = rankOffers(payable, task)
  if (!ranked.some(({ needsGas }) => needsGas) || (await canDeposit(deps).catch(() => true))) return ranked
  return [...ranked.filter(({ needsGas }) => !needsGas), ...ranked.filter(({ needsGas }) => needsGas)]
}

/** Whether a direct channel to the provider covers the job now; a chain that cannot be asked shows none. */
async function hasDirectChannel(
  { provider }: Offer,
  neededMicroUsd: MicroUsd,
  deps: RouteDeps,
): Promise<boolean> {
  const channels = await usableChannels(provider, deps).catch(() => [])
  return channels.some((channel) => freeMicroUsd(channel) >= neededMicroUsd && channel.state.balance > 0n)
}
