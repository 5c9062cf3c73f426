import { expect, test } from 'vitest'
import { signedTestOffer, testOffer } from '../tests/fixtures/offer.ts'
import { OfferBoard } from './offer-board.ts'

const nowSeconds = 1_000
const at = { expiresAtSeconds: nowSeconds + 60 }

function board(maxOffers = 10, now = () => nowSeconds) {
  return new OfferBoard(maxOffers, now)
}

test('a signed offer is put up, and replaced by a newer one', async () => {
  const offers = board()
  await offers.put('tab', await signedTestOffer('tab', { ...at, sequence: 1 }))
  const newer = await signedTestOffer('tab', { ...at, sequence: 2 })
  await offers.put('tab', newer)
  expect(offers.all()).toEqual([newer])
})

test('the same offer again is no offence: tabs publish anew after a restart', async () => {
  const offers = board()
  const signed = await signedTestOffer('tab', at)
  await offers.put('tab', signed)
  await expect(offers.put('tab', signed)).resolves.toBeUndefined()
})

test('an older offer, a forged one, one too long and one in a foreign name are refused', async () => {
  const offers = board()
  await offers.put('tab', await signedTestOffer('tab', { ...at, sequence: 2 }))
  const signed = await signedTestOffer('tab', { ...at, sequence: 3 })
  const cheaper = testOffer('tab', { ...at, sequence: 3, milliTokensPerSecond: 9 })
  const refusals: [string, Promise<void>][] = [
    ['market/offer-refused', offers.put('tab', await signedTestOffer('tab', { ...at, sequence: 1 }))],
    ['ledger/bad-signature', offers.put('tab', { ...signed, offer: cheaper })],
    ['market/offer-refused', offers.put('tab', await signedTestOffer('tab', { expiresAtSeconds: 1_121 }))],
    [
      'ledger/expired-offer',
      offers.put('tab', await signedTestOffer('tab', { sequence: 3, expiresAtSeconds: 1_000 })),
    ],
    ['market/offer-refused', offers.put('other', signed)],
  ]
  for (const [code, refusal] of refusals) await expect(refusal).rejects.toMatchObject({ code })
  expect(offers.get('tab')?.offer.sequence).toBe(2)
})

test('a full board takes no new tab, and still the newer offer of one that is there', async () => {
  const offers = board(1)
  await offers.put('tab', await signedTestOffer('tab', at))
  const refused = offers.put('other', await signedTestOffer('other', at))
  await expect(refused).rejects.toMatchObject({ code: 'market/offer-refused' })
  await offers.put('tab', await signedTestOffer('tab', { ...at, sequence: 2 }))
  expect(offers.size).toBe(1)
})

test('what has expired is swept', async () => {
  let now = nowSeconds
  const offers = board(10, () => now)
  await offers.put('early', await signedTestOffer('early', { expiresAtSeconds: nowSeconds + 10 }))
  await offers.put('late', await signedTestOffer('late', { expiresAtSeconds: nowSeconds + 20 }))
  now += 10
  expect(offers.sweep()).toEqual(['early'])
  expect(offers.all().map(({ offer }) => offer.peerId)).toEqual(['late'])
})
