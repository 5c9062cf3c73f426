import { expect, test, vi } from 'vitest'
import { signedTestOffer, testOffer } from '../../../tests/fixtures/offer.ts'
import type { DirectoryView } from '../../ports/directory.ts'
import { verifiedOffers, watchVerified } from './verified-offers.ts'

const clock = { nowMs: () => 1_000_000 }
const good = await signedTestOffer('a', { sequence: 1, expiresAtSeconds: 2_000 })
const newer = await signedTestOffer('a', { sequence: 2, expiresAtSeconds: 2_000 })
const other = await signedTestOffer('b', { sequence: 1, expiresAtSeconds: 2_000 })
const expired = await signedTestOffer('c', { sequence: 1, expiresAtSeconds: 1_000 })
const forged = { ...good, offer: testOffer('a', { sequence: 9, expiresAtSeconds: 2_000 }) }

test('forged and expired offers are left out, and hide no honest one', async () => {
  expect(await verifiedOffers([forged, good, expired, other], clock)).toEqual([good, other])
  expect(await verifiedOffers([newer, good], clock)).toEqual([newer])
})

test('a watcher sees verified offers of the last view alone, until it leaves', async () => {
  let tell = (_view: DirectoryView) => {}
  const stop = vi.fn()
  const seen: DirectoryView[] = []
  const leave = watchVerified({ watch: (onView) => ((tell = onView), stop) }, clock).watch((view) =>
    seen.push(view),
  )
  tell({ offers: [good], peers: 1 })
  tell({ offers: [forged, other], peers: 2 })
  await vi.waitFor(() => expect(seen).toEqual([{ offers: [other], peers: 2 }]))
  tell({ offers: [good], peers: 3 })
  leave()
  await verifiedOffers([good], clock)
  expect(seen.length).toBe(1)
  expect(stop).toHaveBeenCalledOnce()
})
