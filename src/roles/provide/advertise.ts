import type { Offer, SignedOffer } from '../../domain/offer.ts'
import { signOffer } from '../../ledger/sign-offer.ts'
import type { Clock, Directory, Signer } from '../../ports/index.ts'

const lifetimeSeconds = 90
const refreshMs = 30_000
const retryMs = 2_000

/** What changes from one offer of a provider to the next is filled in here. */
export type OfferDraft = Omit<Offer, 'sequence' | 'expiresAtSeconds'>

/** Where offers go, and who signs them. */
export type AdvertiseDeps = { directory: Directory; signer: Signer; clock: Clock }

/** Whether the offer is out. `withheld` says that there is none for now. */
export type Listing = 'out' | 'withheld' | 'failed'

/** Keeps one offer fresh in the directory until stopped. */
export interface Advertiser {
  /** Publishes at once what `draft` says now. */
  refresh(): void
  stop(): Promise<void>
}

/**
 * Starts to advertise. While `draft` gives nothing, nothing is offered. `onListing` hears after each attempt what
 * became of it.
 */
export function advertise(
  draft: () => OfferDraft | null,
  onListing: (listing: Listing) => void,
  { directory, signer, clock }: AdvertiseDeps,
): Advertiser {
  const over = new AbortController()
  let nudge = () => {}
  let sequence = 0

  const sign = (drafted: OfferDraft): Promise<SignedOffer> => {
    sequence = Math.max(sequence + 1, clock.nowMs())
    const expiresAtSeconds = Math.floor(clock.nowMs() / 1000) + lifetimeSeconds
    return signOffer({ ...drafted, sequence, expiresAtSeconds }, signer)
  }
  const list = async (): Promise<Listing> => {
    const drafted = draft()
    if (drafted) await directory.publish(await sign(drafted))
    else await directory.withdraw()
    return drafted ? 'out' : 'withheld'
  }

  const run = async () => {
    while (!over.signal.aborted) {
      const nudged = new Promise<void>((resolve) => (nudge = resolve))
      const listing = await list().catch((): Listing => 'failed')
      if (over.signal.aborted) return
      onListing(listing)
      const waited = new AbortController()
      const waitMs = listing === 'failed' ? retryMs : refreshMs
      const pause = clock.sleep(waitMs, AbortSignal.any([over.signal, waited.signal]))
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
