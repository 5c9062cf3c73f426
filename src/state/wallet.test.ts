import { expect, it } from 'vitest'
import { ChainError } from '../errors/index.ts'
import type { Settlement, WalletOverview } from '../roles/settle.ts'
import { fakeTab } from './fake-tab.ts'
import { History } from './history.svelte.ts'
import { testFundsMicroUsd, Wallet } from './wallet.svelte.ts'

const overview: WalletOverview = {
  balanceMicroUsd: 5n,
  gasWei: 0n,
  earnedMicroUsd: 3n,
  claimableMicroUsd: 3n,
  spentMicroUsd: 0n,
  depositedMicroUsd: 0n,
}

function open(settlement: Partial<Settlement>, addTestFunds = async () => {}) {
  const tab = fakeTab({
    account: async () => '0x00',
    addTestFunds,
    settlement: async () => ({
      overview: async () => overview,
      claim: async () => ({ transaction: '0x01', settledMicroUsd: 3n, skipped: [] }),
      guard: async () => {},
      ...settlement,
    }),
  })
  const history = new History(tab)
  return { wallet: new Wallet(tab, history), history }
}

it('says so while the chain cannot be read, and forgets it when it can', async () => {
  let reachable = false
  const { wallet } = open({
    async overview() {
      if (reachable) return overview
      throw new ChainError('chain/unreachable', 'The chain does not answer.')
    },
  })
  await wallet.refresh()
  expect(wallet.failure?.code).toBe('chain/unreachable')
  reachable = true
  await wallet.refresh()
  expect(wallet.failure).toBeNull()
  expect(wallet.overview).toEqual(overview)
})

it('claims, and writes it into the history', async () => {
  const { wallet, history } = open({})
  await wallet.claim()
  expect(wallet.claimedNow).toBe(3n)
  expect(history.entries).toMatchObject([{ kind: 'claim', amountMicroUsd: 3n }])
  expect(wallet.busy).toBeNull()
})

it('writes nothing when there was nothing worth claiming', async () => {
  const { wallet, history } = open({
    claim: async () => ({ transaction: null, settledMicroUsd: 0n, skipped: [] }),
  })
  await wallet.claim()
  expect(history.entries).toEqual([])
})

it('shows why a claim came to nothing', async () => {
  const { wallet } = open({
    async claim() {
      throw new ChainError('chain/reverted', 'The claim was refused.')
    },
  })
  await wallet.claim()
  expect(wallet.actionFailure?.code).toBe('chain/reverted')
})

it('adds test funds once, however often the button is pressed meanwhile', async () => {
  const held = Promise.withResolvers<void>()
  const { wallet, history } = open({}, () => held.promise)
  const first = wallet.addTestFunds()
  await wallet.addTestFunds()
  held.resolve()
  await first
  expect(history.entries).toMatchObject([{ kind: 'test-funds', amountMicroUsd: testFundsMicroUsd }])
})
