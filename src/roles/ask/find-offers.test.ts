import { expect, test } from 'vitest'
import { accounts } from '../../../tests/fixtures/jobs.ts'
import { signedTestOffer } from '../../../tests/fixtures/offer.ts'
import { systemClock } from '../../device/system-clock.ts'
import type { ModelListing } from '../../domain/model.ts'
import type { Network } from '../../domain/network.ts'
import type { SignedOffer } from '../../domain/offer.ts'
import { signOffer } from '../../ledger/sign-offer.ts'
import type { Directory } from '../../ports/index.ts'
import { type FindOffersDeps, findOffers } from './find-offers.ts'

/** Finds offers in a directory that lists these, for a tab on the network of the first. */
async function foundBy(change: Partial<FindOffersDeps & Network>, ...offers: SignedOffer[]) {
  const { modelId, chainId, settlement, token } = offers[0]!.offer
  const { listingOf, ...terms } = change
  const network = { name: '', rpcUrl: '', collector: token, relays: [], chainId, settlement, token, ...terms }
  const directory = { list: async () => ({ offers, peers: 1 }) } as Partial<Directory> as Directory
  const deps = {
    directory,
    clock: systemClock,
    network,
    ownPeerId: 'me',
    ...(listingOf ? { listingOf } : {}),
  }
  return findOffers({ modelId, task: 'chat' }, deps)
}

const found = (...offers: SignedOffer[]) => foundBy({}, ...offers)

test('of a tab that two relays know, the newest offer counts', async () => {
  const [older, newer] = [
    await signedTestOffer('a', { sequence: 1 }),
    await signedTestOffer('a', { sequence: 2 }),
  ]
  expect(await found(newer, older)).toEqual([newer])
})

test('a forged offer with a higher sequence does not hide the honest one', async () => {
  const honest = await signedTestOffer('a')
  const forged = { ...honest, offer: { ...honest.offer, sequence: 99 } }
  expect(await found(honest, forged)).toEqual([honest])
})

test('an offer that names another’s tab does not hide that tab’s own', async () => {
  const honest = await signedTestOffer('a')
  const [liar] = accounts
  const foreign = await signOffer({ ...honest.offer, provider: liar.address, sequence: 99 }, liar)
  expect(await found(foreign, honest)).toEqual([foreign, honest])
})

test('an offer on another network, of another model or of this very tab is left out', async () => {
  const payable = await signedTestOffer('a')
  const others = await Promise.all([
    signedTestOffer('b', { chainId: 1 }),
    signedTestOffer('c', { token: `0x${'09'.repeat(20)}` }),
    signedTestOffer('d', { modelId: `0x${'0a'.repeat(32)}` }),
    signedTestOffer('me'),
  ])
  expect(await found(payable, ...others)).toEqual([payable])
})

const listingId = `0x${'55'.repeat(32)}` as const
const bond = `0x${'0d'.repeat(20)}` as const

/** Knows one listing of the model, with this royalty. */
const knowing = (royaltyBps: number): Pick<FindOffersDeps, 'listingOf'> => ({
  listingOf: (modelId): ModelListing => ({
    ...{ listingId, modelId, royaltyBps },
    ...{ publisher: `0x${'0e'.repeat(20)}`, sources: [], isDeprecated: false },
  }),
})

test('where a royalty is owed, an offer that does not name the listing is left out', async () => {
  const honest = await signedTestOffer('a', { listingId })
  const others = await Promise.all([
    signedTestOffer('b', { listingId: null }),
    signedTestOffer('c', { listingId: `0x${'56'.repeat(32)}` }),
  ])
  expect(await foundBy({ ...knowing(500), bond }, honest, ...others)).toEqual([honest])
  expect(await foundBy({ bond }, honest, ...others)).toHaveLength(3)
})

test('where none is owed, or nothing could share it, offers need name no listing', async () => {
  const plain = await signedTestOffer('a', { listingId: null })
  expect(await foundBy({ ...knowing(0), bond }, plain)).toEqual([plain])
  expect(await foundBy(knowing(500), plain)).toEqual([plain])
})
