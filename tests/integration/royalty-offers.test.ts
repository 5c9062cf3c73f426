import { expect, test } from 'vitest'
import { createMemoryAccount } from '../../src/chain/key-signer.ts'
import { createMemoryChain } from '../../src/chain/memory-chain.ts'
import type { CatalogueEntry } from '../../src/domain/model.ts'
import { createRequester } from '../../src/roles/ask/request.ts'
import { account } from '../fixtures/hub.ts'
import { wallet } from '../fixtures/hub-deal.ts'
import { openHubMarket } from '../fixtures/hub-market.ts'
import { network } from '../fixtures/jobs.ts'
import { entry, makeAsk, makeTexts, never, runAsk } from '../fixtures/market.ts'

const bonded = {
  ...network,
  bond: `0x${'0c'.repeat(20)}`,
  registry: `0x${'05'.repeat(20)}`,
} as const

/** A provider that names the listing of a model that owes a royalty, another that keeps it, and a tab that asks. */
async function openMarket() {
  const chain = createMemoryChain(bonded)
  const publisher = createMemoryAccount()
  await chain.registerModel({ modelId: entry.id, royaltyBps: 1_000, sources: [] }, publisher)
  const listing = (await chain.listing(entry.id, publisher.address))!
  const listed: CatalogueEntry = { ...entry, listing }
  const market = await openHubMarket({ chain })
  const hub = market.startHub()
  const honest = await market.joinProvider(account(3), listed)
  const thief = await market.joinProvider(account(4), entry)
  await Promise.all([honest.atHub(), thief.atHub()])
  await chain.faucet(wallet.address, 2_000_000n)
  const buyer = await market.joinRequester(wallet)
  const knowing = createRequester({ ...buyer, listingOf: (id) => (id === entry.id ? listing : null) })
  const stop = async () => {
    await honest.provider.stop()
    await thief.provider.stop()
    await hub.stop()
  }
  return { honest, thief, buyer, knowing, listing, stop }
}

test('a tab that knows the listing buys from who names it, and not from who would keep the royalty', async () => {
  const { honest, buyer, knowing, listing, stop } = await openMarket()
  expect(await buyer.requester.quote(entry.id)).toMatchObject({ offers: 2 })
  const best = { listingId: listing.listingId, provider: honest.wallet.address }
  expect(await knowing.quote(entry.id)).toMatchObject({ offers: 1, best })
  expect(await knowing.quoteEmbedding(makeTexts())).toMatchObject({ offers: 1, best })
  const answer = await runAsk(knowing.ask(makeAsk(), never))
  expect(answer).toMatchObject({ error: null, offer: best })
  await stop()
})

test('where nobody names the listing, nobody is asked', async () => {
  const { honest, knowing, stop } = await openMarket()
  await honest.provider.stop()
  await expect.poll(() => knowing.quote(entry.id)).toBeNull()
  await expect(runAsk(knowing.ask(makeAsk(), never))).rejects.toMatchObject({ code: 'market/no-offers' })
  await stop()
})
