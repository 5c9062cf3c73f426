import { afterEach, expect, it, vi } from 'vitest'
import { fakeTab } from '../../tests/fixtures/fake-tab.ts'
import { ChainError, HubError } from '../errors/index.ts'
import type { Settlement, WalletOverview } from '../roles/wallet/settle.ts'
import type { SetAside, TakenBack, Withdrawals } from '../roles/wallet/withdraw.ts'
import { History } from './history.svelte.ts'
import { testFundsMicroUsd, Wallet } from './wallet.svelte.ts'

const overview: WalletOverview = {
  balanceMicroUsd: 5n,
  payerMicroUsd: null,
  gasWei: 0n,
  claimsItself: false,
  earnedMicroUsd: 3n,
  claimableMicroUsd: 3n,
  claimedMicroUsd: 0n,
  spentMicroUsd: 0n,
  threatened: null,
  faithlessHubs: [],
  bond: null,
}

const setAside: SetAside = {
  channelId: '0x02',
  provider: '0x03',
  amountMicroUsd: 7n,
  spendableUntilMs: null,
  withdrawal: null,
  refund: null,
}

type Parts = {
  settlement?: Partial<Settlement>
  withdrawals?: Partial<Withdrawals>
  addTestFunds?: () => Promise<void>
}

function open({ settlement, withdrawals, addTestFunds = async () => {} }: Parts) {
  const tab = fakeTab({
    account: async () => '0x00',
    addTestFunds,
    settlement: async () => ({
      overview: async () => overview,
      claimFee: async () => 1n,
      claim: async () => ({ transaction: '0x01', settledMicroUsd: 3n, skipped: [] }),
      guard: async () => {},
      ...settlement,
    }),
    withdrawals: async () => ({
      list: async () => [setAside],
      takeBack: async () => null,
      finish: async () => returned,
      ...withdrawals,
    }),
  })
  const history = new History(tab)
  return { wallet: new Wallet(tab, history), history }
}

afterEach(() => {
  vi.useRealTimers()
  vi.unstubAllGlobals()
})

it('says so while the chain cannot be read, and forgets it when it can', async () => {
  let reachable = false
  const { wallet } = open({
    settlement: {
      async overview() {
        if (reachable) return overview
        throw new ChainError('chain/unreachable', 'The chain does not answer.')
      },
    },
  })
  await wallet.refresh()
  expect(wallet.failure?.code).toBe('chain/unreachable')
  reachable = true
  await wallet.refresh()
  expect(wallet.failure).toBeNull()
  expect(wallet.overview).toEqual(overview)
})

it('reads again as soon as money moved, and every few seconds', async () => {
  vi.useFakeTimers()
  vi.stubGlobal('document', { hidden: false })
  let reads = 0
  const { wallet, history } = open({ settlement: { overview: async () => (reads++, overview) } })
  void wallet.watch()
  await vi.advanceTimersByTimeAsync(4_000)
  expect(reads).toBe(1)
  await history.addMovement('test-funds', { amountMicroUsd: testFundsMicroUsd })
  await vi.advanceTimersByTimeAsync(0)
  expect(reads).toBe(2)
  await vi.advanceTimersByTimeAsync(5_000)
  expect(reads).toBe(3)
})

it('claims, and says what came', async () => {
  const { wallet } = open({})
  await wallet.claim()
  expect(wallet.claimedNow).toBe(3n)
  expect(wallet.busy).toBeNull()
})

it('knows what claiming costs, and reads the rest where no relay says it', async () => {
  const { wallet } = open({})
  await wallet.refresh()
  expect(wallet.claimFeeMicroUsd).toBe(1n)
  const alone = open({
    settlement: {
      async claimFee() {
        throw new HubError('hub/unreachable', 'The hub cannot be reached.')
      },
    },
  })
  await alone.wallet.refresh()
  expect(alone.wallet.claimFeeMicroUsd).toBeUndefined()
  expect(alone.wallet.failure).toBeNull()
  expect(alone.wallet.overview).toEqual(overview)
})

it('shows why a claim came to nothing', async () => {
  const { wallet } = open({
    settlement: {
      async claim() {
        throw new ChainError('chain/reverted', 'The claim was refused.')
      },
    },
  })
  await wallet.claim()
  expect(wallet.actionFailure?.code).toBe('chain/reverted')
})

it('adds test funds once, however often the button is pressed meanwhile', async () => {
  const held = Promise.withResolvers<void>()
  const { wallet, history } = open({ addTestFunds: () => held.promise })
  const first = wallet.addTestFunds()
  await wallet.addTestFunds()
  held.resolve()
  await first
  expect(history.movements).toMatchObject([{ kind: 'test-funds', amountMicroUsd: testFundsMicroUsd }])
})

it('shows what can be spent from here, and test money where it arrives', async () => {
  let payerMicroUsd: bigint | null = null
  const { wallet } = open({
    settlement: { overview: async () => ({ ...overview, payerMicroUsd }) },
    addTestFunds: async () => void (payerMicroUsd = 70n),
  })
  expect(wallet.spendableMicroUsd).toBeNull()
  await wallet.refresh()
  expect(wallet.spendableMicroUsd).toBe(5n)
  // A wallet that holds nothing can spend nothing, whatever was earned.
  payerMicroUsd = 0n
  await wallet.refresh()
  expect(wallet.spendableMicroUsd).toBe(0n)
  await wallet.addTestFunds()
  expect(wallet.spendableMicroUsd).toBe(70n)
  expect(wallet.overview?.balanceMicroUsd).toBe(5n)
})

it('says set aside what its rows come to', async () => {
  const onItsWay = { ...setAside, channelId: '0x04', amountMicroUsd: 4n } as const
  const { wallet } = open({ withdrawals: { list: async () => [setAside, onItsWay] } })
  expect(wallet.setAsideMicroUsd).toBe(0n)
  await wallet.refresh()
  expect(wallet.setAsideMicroUsd).toBe(11n)
})

it('claims by itself unless it was told not to, in every tab', async () => {
  const tab = fakeTab({})
  const [wallet, other] = [0, 1].map(() => new Wallet(tab, new History(tab))) as [Wallet, Wallet]
  await wallet.restore()
  expect(wallet.claimsByItself).toBe(true)
  wallet.claimsByItself = false
  await wallet.saveClaimRule()
  await other.restore()
  expect(other.claimsByItself).toBe(false)
})

const returned: TakenBack = { amountMicroUsd: 7n, feeMicroUsd: 0n, transaction: '0x0e' }

it('takes back what is set aside, and writes it into the history once it has come', async () => {
  const readyAtMs = 1_800_000_000_000
  let kept: SetAside[] = [setAside]
  const { wallet, history } = open({
    withdrawals: {
      list: async () => kept,
      async takeBack() {
        kept = [{ ...setAside, withdrawal: { readyAtMs, isReady: true } }]
        return null
      },
      async finish() {
        kept = []
        return returned
      },
    },
  })
  await wallet.refresh()
  expect(wallet.setAside).toEqual([setAside])
  await wallet.takeBack(setAside.channelId)
  expect(wallet.setAside).toMatchObject([{ withdrawal: { readyAtMs } }])
  expect(history.movements).toEqual([])
  await wallet.finish(setAside.channelId)
  expect(wallet.setAside).toEqual([])
  expect(wallet.returnedNow).toBe(7n)
  expect(history.movements).toMatchObject([{ kind: 'withdrawal', ...returned }])
})

it('writes down at once what a relay gives back at once', async () => {
  const { wallet, history } = open({
    withdrawals: { takeBack: async () => ({ ...returned, feeMicroUsd: 2n }) },
  })
  await wallet.takeBack(setAside.channelId)
  expect(wallet.returnedNow).toBe(7n)
  expect(history.movements).toMatchObject([{ kind: 'withdrawal', ...returned, feeMicroUsd: 2n }])
  expect(history.feesMicroUsd).toBe(2n)
})

it('writes nothing when the chain refuses to finish', async () => {
  const { wallet, history } = open({
    withdrawals: {
      async finish() {
        throw new ChainError('chain/reverted', 'The withdrawal was refused.')
      },
    },
  })
  await wallet.finish(setAside.channelId)
  expect(wallet.actionFailure?.code).toBe('chain/reverted')
  expect(wallet.returnedNow).toBeNull()
  expect(history.movements).toEqual([])
})
