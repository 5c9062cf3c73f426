import type { SignedOffer } from '../../src/domain/offer.ts'
import type { Directory, DirectoryView } from '../../src/ports/directory.ts'
import { assert, assertEqual, assertRejects, firstMatch, type ConformanceCase } from './case.ts'

/** A tab as the cases see it. */
export type DirectoryTab = {
  peerId: string
  directory: Directory
  /** Leaves with no goodbye. */
  leave(): Promise<void>
}

/** Tabs that share a directory. */
export type DirectorySubject = {
  /** A new tab that is online; taken away after the case. */
  join(): Promise<DirectoryTab>
  /** A good offer of that tab, to live for the given seconds. */
  offer(tab: DirectoryTab, sequence: number, lifetimeSeconds?: number): Promise<SignedOffer>
}

const sequencesOf = (view: DirectoryView, tab: DirectoryTab) =>
  view.offers.filter(({ offer }) => offer.peerId === tab.peerId).map(({ offer }) => offer.sequence)

/** Resolves once a tab's view lists exactly these sequences of another tab's offers. */
async function untilListed(viewer: DirectoryTab, seller: DirectoryTab, sequences: number[]) {
  return firstMatch<DirectoryView>(
    (callback) => viewer.directory.watch(callback),
    (view) => JSON.stringify(sequencesOf(view, seller)) === JSON.stringify(sequences),
  )
}

/** What every `Directory` keeps to. */
export const directoryCases: ConformanceCase<DirectorySubject>[] = [
  {
    name: 'lists an offer to every tab, unchanged, and withdraws it',
    async run({ join, offer }) {
      const [seller, buyer] = [await join(), await join()]
      const signed = await offer(seller, 1)
      await seller.directory.publish(signed)
      const view = await untilListed(buyer, seller, [1])
      const listed = view.offers.find((one) => one.offer.peerId === seller.peerId)
      const text = (value: unknown) =>
        JSON.stringify(value, (_, part) => (typeof part === 'bigint' ? `${part}n` : part))
      assertEqual(text(listed), text(signed), 'the offer as listed')
      assert(view.peers >= 2, 'both tabs are counted')
      assertEqual(sequencesOf(await buyer.directory.list(), seller), [1], 'the list')
      await seller.directory.withdraw()
      await untilListed(buyer, seller, [])
    },
  },
  {
    name: 'replaces an offer by a newer one of the same tab, never by an older one',
    async run({ join, offer }) {
      const [seller, buyer] = [await join(), await join()]
      await seller.directory.publish(await offer(seller, 5))
      await untilListed(buyer, seller, [5])
      await seller.directory.publish(await offer(seller, 6))
      await untilListed(buyer, seller, [6])
      await assertRejects(seller.directory.publish(await offer(seller, 4)), 'market/offer-refused')
      assertEqual(sequencesOf(await buyer.directory.list(), seller), [6], 'the list afterwards')
    },
  },
  {
    name: "refuses an offer in another tab's name, and one that has expired",
    async run({ join, offer }) {
      const [seller, other] = [await join(), await join()]
      await assertRejects(other.directory.publish(await offer(seller, 1)), 'market/offer-refused')
      await assertRejects(seller.directory.publish(await offer(seller, 1, -5)), 'market/offer-refused')
      assertEqual((await seller.directory.list()).offers.length, 0, 'nothing is listed')
    },
  },
  {
    name: 'tells at once that a tab has left, and takes its offer off',
    async run({ join, offer }) {
      const [seller, buyer] = [await join(), await join()]
      await seller.directory.publish(await offer(seller, 1))
      await untilListed(buyer, seller, [1])
      const told = firstMatch<string>(
        (callback) => buyer.directory.watchDepartures(callback),
        (peer) => peer === seller.peerId,
      )
      await seller.leave()
      await told
      await untilListed(buyer, seller, [])
    },
  },
  {
    name: 'lists the offers of many tabs, and none twice',
    async run({ join, offer }) {
      const tabs = [await join(), await join(), await join()]
      for (const [index, tab] of tabs.entries()) await tab.directory.publish(await offer(tab, index + 1))
      const [first] = tabs
      const view = await firstMatch<DirectoryView>(
        (callback) => first!.directory.watch(callback),
        ({ offers }) => offers.length === 3,
      )
      assertEqual(new Set(view.offers.map(({ offer }) => offer.peerId)).size, 3, 'different tabs')
    },
  },
  {
    name: 'stops telling a watcher that has left',
    async run({ join, offer }) {
      const [seller, buyer] = [await join(), await join()]
      let told = 0
      const stop = buyer.directory.watch(() => (told += 1))
      stop()
      const before = told
      await seller.directory.publish(await offer(seller, 1))
      await untilListed(buyer, seller, [1])
      assertEqual(told, before, 'views told after the unsubscribe')
    },
  },
]
