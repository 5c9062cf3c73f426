import { expect, test } from 'vitest'
import { createHub } from '../../relay/hub/hub.ts'
import { MemoryHubStore } from '../../relay/hub/books/memory-hub-store.ts'
import { MemoryDocumentStore } from '../../src/storage/memory-document-store.ts'
import { ClaimQuotes } from '../../src/roles/wallet/claim-through-hub.ts'
import { createHubClient } from '../../src/roles/hub/hub-client.ts'
import { SponsorFees } from '../../src/roles/hub/sponsor-fees.ts'
import { earnedChannels } from '../../src/roles/wallet/earned-channels.ts'
import { sendSlice, sliceClaims } from '../../src/roles/wallet/send-claims.ts'
import { account, openHubWorld } from '../fixtures/hub.ts'
import { withOwn } from '../fixtures/hub-market.ts'
import { askThroughHub, startHubProvider } from '../fixtures/hub-provider.ts'

const wallet = account(79)
const feeMicroUsd = 50n

test('a provider without gas whose hub takes its money back claims through another hub', async () => {
  const world = await openHubWorld()
  const { chain, clock, tabs, hubAccount } = world
  world.gas.wei = 40n
  const paying = world.startHub()
  const provider = await startHubProvider(world, wallet)
  const requester = await world.joinRequester(100_000n)
  await expect.poll(async () => (await provider.offer())?.hubs).toHaveLength(1)
  const { charge } = await askThroughHub(provider, requester, world)
  await expect.poll(() => provider.provider.status().earnedMicroUsd).toBe(charge)

  const { network } = chain
  const otherAccount = account(1_001)
  // With gas comes a micro-dollar.
  await chain.faucet(otherAccount.address, 1n)
  const shared = { network, clock, chain, policy: world.policy, log: () => {}, peerId: 'other-relay' }
  const other = createHub({ ...shared, store: new MemoryHubStore(), signer: otherAccount })
  const { transport } = tabs.join('other-relay')
  await transport.start()
  for (const { spec, answer } of other.protocols) transport.handle(spec, answer, { maxStreamsPerPeer: 8 })

  const [channel] = await provider.kept.vouchers.channels('receiver')
  const { balance } = await chain.channel(channel!.channelId)
  await chain.initiateWithdraw(channel!.config, balance, hubAccount)
  await paying.stop()

  // On a public network, on which this account has no gas.
  const poor = { gasBalance: async () => 0n, network: { ...network, chainId: 8453 } }
  const gasless = withOwn(chain, poor)
  const ends = { transport: provider.transport, clock, network }
  const hubs = {
    byAccount: async () => paying.terms,
    connected: async () => [paying.terms, other.terms],
    client: (peerId: string) => createHubClient(peerId, ends),
  }
  const fees = new SponsorFees({ chain, wallet, documents: new MemoryDocumentStore(), clock })
  const deps = { chain: gasless, wallet, clock, fees, hubs, quotes: new ClaimQuotes(clock) }
  const earned = await earnedChannels(wallet.address, chain, provider.kept.vouchers)
  const [slice] = await sliceClaims(earned, deps)
  expect(slice).toMatchObject({ hub: other.terms, untilMs: expect.any(Number) })
  const sent = await sendSlice(slice!, deps)
  expect(sent).toMatchObject({ settledMicroUsd: charge, feeMicroUsd, skipped: [] })
  expect(await chain.balance(wallet.address)).toBe(charge - feeMicroUsd)
  expect(await chain.balance(otherAccount.address)).toBe(1n + feeMicroUsd)
  await provider.provider.stop()
  await other.stop()
})
