import { expect, test } from 'vitest'
import { accounts } from '../../tests/fixtures/jobs.ts'
import { signedTestOffer } from '../../tests/fixtures/offer.ts'
import type { SignedOffer } from '../domain/offer.ts'
import { systemClock } from '../device/system-clock.ts'
import { signOffer } from '../ledger/sign-offer.ts'
import type { Directory } from '../ports/index.ts'
import { findOffers } from './find-offers.ts'

/** Finds offers in a directory that lists these, for a tab on the network of the first. */
async function found(...offers: SignedOffer[]): Promise<SignedOffer[]> {
  const { modelId, chainId, settlement, token } = offers[0]!.offer
  const network = { name: '', rpcUrl: '', collector: token, relays: [], chainId, settlement, token }
  const directory = { list: async () => ({ offers, peers: 1 }) } as Partial<Directory> as Directory
  return findOffers({ modelId, task: 'chat' }, { directory, clock: systemClock, network, ownPeerId: 'me' })
}

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
