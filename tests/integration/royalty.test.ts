import { afterAll, beforeAll, expect, test } from 'vitest'
import { createMemoryAccount } from '../../src/chain/key-signer.ts'
import { createViemChain } from '../../src/chain/viem-chain.ts'
import type { CatalogueEntry } from '../../src/domain/model.ts'
import type { Chain, ModelRegistry, Signer } from '../../src/ports/index.ts'
import { createKnownHubs } from '../../src/roles/hub/known-hubs.ts'
import { createServedJobs } from '../../src/roles/provide/served-jobs.ts'
import { createSettlement } from '../../src/roles/wallet/settle.ts'
import { memoryRelay } from '../../src/transport/memory-transport.ts'
import { account } from '../fixtures/hub.ts'
import { wallet } from '../fixtures/hub-deal.ts'
import { openHubMarket } from '../fixtures/hub-market.ts'
import { type LocalChain, startLocalChain } from '../fixtures/local-chain.ts'
import { entry, makeAsk, never, runAsk } from '../fixtures/market.ts'

const publisher = createMemoryAccount()
const royaltyBps = 1_000

let local: LocalChain
let chain: Chain & ModelRegistry
let listed: CatalogueEntry

beforeAll(async () => {
  local = await startLocalChain()
  chain = createViemChain(local.network)
  await chain.registerModel({ modelId: entry.id, royaltyBps, sources: [] }, publisher)
  const [listing] = await chain.listings(0, 1)
  listed = { ...entry, listing: listing! }
})

afterAll(() => local.stop())

type Tab = Awaited<ReturnType<Awaited<ReturnType<typeof openHubMarket>>['joinProvider']>>

/** What an account claims in a tab. */
function settlementOf(owner: Signer, tab: Tab) {
  const { vouchers, clock, documents } = tab
  const hubs = createKnownHubs({ ...tab, network: chain.network })
  return createSettlement({
    chain,
    vouchers,
    documents,
    wallet: owner,
    clock,
    hubs,
    served: createServedJobs(documents),
  })
}

/** A hub, a requester with money, and a tab that shares the listed model. */
async function openMarket() {
  const market = await openHubMarket({ chain })
  const hub = market.startHub()
  const seller = await market.joinProvider(account(3), listed)
  await seller.atHub()
  await chain.faucet(wallet.address, 2_000_000n)
  const buyer = await market.joinRequester(wallet)
  const settlement = settlementOf(seller.wallet, seller)
  const stop = async () => {
    await seller.provider.stop()
    await hub.stop()
  }
  return { hub, seller, buyer, settlement, stop }
}

test('what a listed model earns is shared with its publisher when it is claimed, on a real EVM', async () => {
  const { seller, buyer, settlement, stop } = await openMarket()
  const quote = await buyer.requester.quote(entry.id)
  expect(quote).toMatchObject({
    best: { listingId: listed.listing?.listingId },
    hub: { peerId: memoryRelay },
  })
  const answer = await runAsk(buyer.requester.ask(makeAsk(), never))
  expect(answer).toMatchObject({ error: null, hub: { peerId: memoryRelay } })
  const earned = answer.receipt!.receipt.chargeMicroUsd
  await expect.poll(() => seller.provider.status().earnedMicroUsd).toBe(earned)

  expect((await settlement.claim()).settledMicroUsd).toBe(earned)
  const royalty = (earned * BigInt(royaltyBps)) / 10_000n
  expect(royalty).toBeGreaterThan(0n)
  expect((await chain.bond(publisher.address))?.freeMicroUsd).toBe(royalty)
  expect((await chain.bond(seller.wallet.address))?.heldMicroUsd).toBe(earned - royalty)

  const claimed = await settlementOf(publisher, seller).claim()
  expect(claimed.settledMicroUsd).toBe(royalty)
  expect(await chain.balance(publisher.address)).toBe(royalty)
  await stop()
})

test('an answer of a model that owes a royalty is not sold past the hub', async () => {
  const { hub, seller, buyer, stop } = await openMarket()
  expect(await buyer.requester.quote(entry.id)).not.toBeNull()
  await hub.stop()
  await expect.poll(() => buyer.requester.quote(entry.id)).toBeNull()
  expect(seller.provider.status().stage).toBe('online')
  await stop()
})
