import type { Offer, SignedOffer } from '../domain/offer.ts'
import { signOffer } from '../ledger/sign-offer.ts'
import type { Clock, Directory, Signer } from '../ports/index.ts'

const lifetimeSeconds = 90
const refreshMs = 30_000
const retryMs = 2_000

/** What changes from one offer of a provider to the next is filled in here. */
export type OfferDraft = Omit<Offer, 'sequence' | 'expiresAtSeconds'>

/** Where offers go, and who signs them. */
export type AdvertiseDeps = { directory: Directory; signer: Signer; clock: Clock }

/** Keeps one offer fresh in the directory until stopped. */
export interface Advertiser {
  /** Publishes at once what `draft` says now. */
  refresh(): void
  stop(): Promise<void>
}

/** Starts to advertise. `onListed` hears after each attempt whether the offer is out. */
export function advertise(
  draft: () => OfferDraft,
  onListed: (listed: boolean) => void,
  { directory, signer, clock }: AdvertiseDeps,
): Advertiser {
  const over = new AbortController()
  let nudge = () => {}
  let sequence = 0

  const nextOffer = (): Promise<SignedOffer> => {
    sequence = Math.max(sequence + 1, clock.nowMs())
    const expiresAtSeconds = Math.floor(clock.nowMs() / 1000) + lifetimeSeconds
    return signOffer({ ...draft(), sequence, expiresAtSeconds }, signer)
  }

  const run = async () => {
    while (!over.signal.aborted) {
      const nudged = new Promise<void>((resolve) => (nudge = resolve))
      const listed = await nextOffer()
        .then((offer) => directory.publish(offer))
        .then(
          () => true,
          () => false,
        )
      if (over.signal.aborted) return
      onListed(listed)
      const waited = new AbortController()
      const pause = clock.sleep(listed ? refreshMs : retryMs, AbortSignal.any([over.signal, waited.signal]))
      await Promise.race([nudged, pause.catch(() => {})])
      waited.abort()
    }
  }

  const running = run()
  return {
    refresh: () => nudge(),
    async stop() {
      over.abort()
      await directory.withdraw().catch(() => {})
      await running
    },
  }
}
