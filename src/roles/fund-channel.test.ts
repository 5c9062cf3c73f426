import { expect, test, vi } from 'vitest'
import { accounts, network } from '../../tests/fixtures/jobs.ts'
import { createMemoryChain } from '../chain/memory-chain.ts'
import { ManualClock } from '../device/manual-clock.ts'
import { createSeededRandom } from '../device/seeded-random.ts'
import { localChainId } from '../domain/network.ts'
import { MemoryDocumentStore } from '../storage/memory-document-store.ts'
import { MemoryVoucherStore } from '../storage/memory-voucher-store.ts'
import { fundChannel } from './fund-channel.ts'

const [wallet, session, receiver, sender] = accounts
const startMs = 1_800_000_000_000

/** A memory chain with money in the wallet, which then passes for another chain. */
async function openChain(chainId: number, gasWei: bigint) {
  const clock = new ManualClock(startMs)
  const chain = createMemoryChain(network, clock)
  await chain.faucet(wallet.address, 5_000_000n)
  Object.assign(chain, { network: { ...network, chainId } })
  vi.spyOn(chain, 'gasBalance').mockResolvedValue(gasWei)
  vi.spyOn(chain, 'gasCost').mockResolvedValue(1_000n)
  return { chain, clock, submitDeposit: vi.spyOn(chain, 'submitDeposit') }
}

test.each([
  { where: 'on the local chain', chainId: localChainId, gasWei: 0n, by: sender },
  { where: 'elsewhere with enough gas', chainId: 8453, gasWei: 1_000n, by: sender },
  { where: 'elsewhere with too little gas', chainId: 8453, gasWei: 999n, by: wallet },
])(
  '$where a deposit that the wallet signed is sent by the right account',
  async ({ chainId, gasWei, by }) => {
    const { chain, clock, submitDeposit } = await openChain(chainId, gasWei)
    const keys = { wallet, session, sender }
    const stores = { vouchers: new MemoryVoucherStore(), documents: new MemoryDocumentStore() }
    const deps = { chain, ...stores, random: createSeededRandom(1), clock, ...keys }
    const funding = fundChannel(receiver.address, 10n, deps)
    let step = await funding.next()
    while (!step.done) step = await funding.next()
    expect(submitDeposit.mock.calls.map(([, from]) => from.address)).toEqual([by.address])
    expect(await chain.balance(wallet.address)).toBe(4_000_000n)
  },
)
