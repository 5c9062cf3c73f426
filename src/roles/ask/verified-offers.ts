import { newestOffers } from '../../domain/newest-offers.ts'
import type { SignedOffer } from '../../domain/offer.ts'
import { verifyOffer } from '../../ledger/sign-offer.ts'
import type { DirectoryView } from '../../ports/directory.ts'
import type { Clock, Directory } from '../../ports/index.ts'

/** Returns the offers whose signatures are right and that have not expired, the newest of each provider's tab. */
export async function verifiedOffers(
  offers: readonly SignedOffer[],
  clock: Pick<Clock, 'nowMs'>,
): Promise<SignedOffer[]> {
  const nowSeconds = Math.floor(clock.nowMs() / 1000)
  const checked = await Promise.all(
    offers.map((signed) =>
      verifyOffer(signed, nowSeconds).then(
        () => signed,
        () => null,
      ),
    ),
  )
  return newestOffers(checked.filter((signed) => signed !== null))
}

/** Returns what the page shows of a directory: relays can neither forge an offer nor hide an honest one behind it. */
export function watchVerified(
  directory: Pick<Directory, 'watch'>,
  clock: Pick<Clock, 'nowMs'>,
): Pick<Directory, 'watch'> {
  return {
    watch(onView) {
      let latest: DirectoryView | null = null
      const stop = directory.watch((view) => {
        latest = view
        // Of views that come while an earlier one is checked, the last counts.
        void verifiedOffers(view.offers, clock).then((offers) => {
          if (latest === view) onView({ ...view, offers })
        })
      })
      return () => {
        latest = null
        stop()
      }
    },
  }
}
