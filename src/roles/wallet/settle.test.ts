import { expect, test } from 'vitest'
import { accounts, channelConfig, network } from '../../../tests/fixtures/jobs.ts'
import { createMemoryChain } from '../../chain/memory-chain.ts'
import { ManualClock } from '../../device/manual-clock.ts'
import type { Address } from '../../domain/bytes.ts'
import { channelIdOf } from '../../ledger/channel-id.ts'
import { signVoucher } from '../../ledger/sign-voucher.ts'
import { MemoryDocumentStore } from '../../storage/memory-document-store.ts'
import { MemoryVoucherStore } from '../../storage/memory-voucher-store.ts'
import { createMemoryNetwork } from '../../transport/memory-network.ts'
import { createKnownHubs } from '../hub/known-hubs.ts'
import { createServedJobs } from '../provide/served-jobs.ts'
import { createSettlement } from './settle.ts'

const [payer, session, , earner] = accounts

/** A browser whose earning account has 5, and whose former and present payer have promised 300 and 40. */
async function openBrowser() {
  const clock = new ManualClock(1_800_000_000_000)
  const chain = createMemoryChain(network, clock)
  const vouchers = new MemoryVoucherStore()
  const documents = new MemoryDocumentStore()
  const { transport } = createMemoryNetwork().join()
  const hubs = createKnownHubs({ transport, clock, network })
  const promise = async (from: Address, amount: bigint) => {
    const config = { ...channelConfig, payer: from }
    const channelId = channelIdOf(config, network)
    const { chainId, settlement } = network
    const fresh = { side: 'payer', voucher: null, claimedMicroUsd: 0n } as const
    await vouchers.addChannel({ channelId, config, chainId, settlement, ...fresh })
    await vouchers.raiseVoucher('payer', await signVoucher(channelId, amount, network, session))
  }
  await promise(earner.address, 300n)
  await promise(payer.address, 40n)
  await chain.faucet(earner.address, 5n)
  await chain.faucet(payer.address, 70n)
  const served = createServedJobs(documents)
  return { chain, vouchers, documents, wallet: earner, clock, hubs, served }
}

test('another account that pays is shown beside the one that earns, and spent is what it alone promised', async () => {
  const settlement = createSettlement({ ...(await openBrowser()), payer: async () => payer })
  const shown = { balanceMicroUsd: 5n, payerMicroUsd: 70n, spentMicroUsd: 40n }
  expect(await settlement.overview()).toMatchObject(shown)
})

test('an account that earns and pays is shown once', async () => {
  const browser = await openBrowser()
  const shown = { balanceMicroUsd: 5n, payerMicroUsd: null, spentMicroUsd: 300n }
  expect(await createSettlement(browser).overview()).toMatchObject(shown)
  const asked = createSettlement({ ...browser, payer: async () => earner })
  expect(await asked.overview()).toMatchObject(shown)
})
