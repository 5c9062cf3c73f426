import { expect, test, vi } from 'vitest'
import { accounts, network } from '../../../tests/fixtures/jobs.ts'
import { createMemoryChain } from '../../chain/memory-chain.ts'
import { ManualClock } from '../../device/manual-clock.ts'
import { createSeededRandom } from '../../device/seeded-random.ts'
import { localChainId } from '../../domain/network.ts'
import { MemoryDocumentStore } from '../../storage/memory-document-store.ts'
import { MemoryVoucherStore } from '../../storage/memory-voucher-store.ts'
import { fundChannel } from './fund-channel.ts'
import type { FundingStep } from './payer-channels.ts'

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
  { where: 'on the local chain', chainId: localChainId, gasWei: 0n, by: sender, asksTwice: false },
  { where: 'elsewhere with enough gas', chainId: 8453, gasWei: 1_000n, by: sender, asksTwice: false },
  { where: 'elsewhere with too little gas', chainId: 8453, gasWei: 999n, by: wallet, asksTwice: true },
])(
  '$where a deposit that the wallet signed is sent by the right account',
  async ({ chainId, gasWei, by, asksTwice }) => {
    const { chain, clock, submitDeposit } = await openChain(chainId, gasWei)
    const sendTransaction = async () => '0x' as const
    const keys = { wallet: { ...wallet, sendTransaction }, session, sender }
    const stores = { vouchers: new MemoryVoucherStore(), documents: new MemoryDocumentStore() }
    const deps = { chain, ...stores, random: createSeededRandom(1), clock, ...keys }
    const funding = fundChannel(receiver.address, 10n, deps)
    const steps: FundingStep[] = []
    let step = await funding.next()
    for (; !step.done; step = await funding.next()) steps.push(step.value)
    expect(steps.find(({ stage }) => stage === 'deposit')).toMatchObject({ asksTwice })
    expect(submitDeposit.mock.calls.map(([, from]) => from.address)).toEqual([by.address])
    expect(await chain.balance(wallet.address)).toBe(4_000_000n)
  },
)
