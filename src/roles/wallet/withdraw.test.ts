import { beforeEach, expect, test } from 'vitest'
import { accounts, channelConfig, network } from '../../../tests/fixtures/jobs.ts'
import { createMemoryChain } from '../../chain/memory-chain.ts'
import { ManualClock } from '../../device/manual-clock.ts'
import { sessionSalt, sessionSaltBytes } from '../../domain/session.ts'
import { channelIdOf } from '../../ledger/channel-id.ts'
import { signVoucher } from '../../ledger/sign-voucher.ts'
import type { Chain, VoucherStore } from '../../ports/index.ts'
import { MemoryDocumentStore } from '../../storage/memory-document-store.ts'
import { MemoryVoucherStore } from '../../storage/memory-voucher-store.ts'
import { createMemoryNetwork } from '../../transport/memory-network.ts'
import { createKnownHubs } from '../hub/known-hubs.ts'
import { type Withdrawals, createWithdrawals } from './withdraw.ts'

const [payer, session, provider] = accounts
const channelId = channelIdOf(channelConfig, network)
const delayMs = channelConfig.withdrawDelay * 1000
const startMs = 1_800_000_000_000

let chain: Chain
let clock: ManualClock
let vouchers: VoucherStore
let withdrawals: Withdrawals

/** No relay is there, and so no hub. */
const rest = () => ({
  session,
  clock,
  documents: new MemoryDocumentStore(),
  hubs: createKnownHubs({ transport: createMemoryNetwork().join().transport, clock, network }),
})

const promise = async (amount: bigint) =>
  vouchers.raiseVoucher('payer', await signVoucher(channelId, amount, network, session))

const claim = async (amount: bigint) => {
  const voucher = await signVoucher(channelId, amount, network, session)
  await chain.claim([{ config: channelConfig, voucher, totalClaimed: amount }], provider)
}

beforeEach(async () => {
  clock = new ManualClock(startMs)
  chain = createMemoryChain(network, clock)
  vouchers = new MemoryVoucherStore()
  withdrawals = createWithdrawals({ chain, vouchers, wallet: payer, ...rest() })
  const { chainId, settlement } = network
  const fresh = { side: 'payer', voucher: null, claimedMicroUsd: 0n } as const
  await vouchers.addChannel({ channelId, config: channelConfig, chainId, settlement, ...fresh })
  await chain.faucet(payer.address, 1_000n)
  await chain.deposit(channelConfig, 1_000n, payer)
})

test('a channel says until when it is spent from without asking', async () => {
  const config = { ...channelConfig, salt: sessionSalt(new Uint8Array(sessionSaltBytes), 1_900_000_000) }
  const other = { channelId: channelIdOf(config, network), config, chainId: network.chainId }
  const { settlement } = network
  await vouchers.addChannel({ ...other, settlement, side: 'payer', voucher: null, claimedMicroUsd: 0n })
  await chain.faucet(payer.address, 5n)
  await chain.deposit(config, 5n, payer)
  const listed = await withdrawals.list()
  expect(listed.map(({ spendableUntilMs }) => spendableUntilMs)).toEqual([null, 1_900_000_000_000])
})

test('what no voucher promises comes back after the delay, and the channel leaves the list', async () => {
  await promise(300n)
  const shown = {
    channelId,
    provider: provider.address,
    amountMicroUsd: 700n,
    spendableUntilMs: null,
    refund: null,
  }
  expect(await withdrawals.list()).toEqual([{ ...shown, withdrawal: null }])

  await withdrawals.takeBack(channelId)
  const readyAtMs = startMs + delayMs
  expect(await withdrawals.list()).toEqual([{ ...shown, withdrawal: { readyAtMs, isReady: false } }])
  await clock.advance(delayMs - 1)
  await expect(withdrawals.finish(channelId)).rejects.toMatchObject({ code: 'chain/reverted' })

  await clock.advance(1)
  expect(await withdrawals.list()).toEqual([{ ...shown, withdrawal: { readyAtMs, isReady: true } }])
  expect(await withdrawals.finish(channelId)).toMatchObject({ amountMicroUsd: 700n })
  expect(await chain.balance(payer.address)).toBe(700n)
  expect(await withdrawals.list()).toEqual([])

  await claim(300n)
  expect(await chain.balance(provider.address)).toBe(300n)
})

test('what was claimed with a voucher that this tab forgot is not asked back', async () => {
  await promise(100n)
  await claim(400n)
  await withdrawals.takeBack(channelId)
  expect(await withdrawals.list()).toMatchObject([{ amountMicroUsd: 600n }])
})

test('a claim during the delay comes first', async () => {
  await withdrawals.takeBack(channelId)
  await claim(250n)
  await clock.advance(delayMs)
  expect(await withdrawals.list()).toMatchObject([{ amountMicroUsd: 750n }])
  expect(await withdrawals.finish(channelId)).toMatchObject({ amountMicroUsd: 750n })
  expect(await chain.balance(provider.address)).toBe(250n)
})

test('nothing is announced twice, nor when all is promised', async () => {
  await withdrawals.takeBack(channelId)
  await expect(withdrawals.takeBack(channelId)).rejects.toMatchObject({ code: 'chain/reverted' })
  await clock.advance(delayMs)
  await withdrawals.finish(channelId)
  await expect(withdrawals.takeBack(channelId)).rejects.toMatchObject({ code: 'chain/reverted' })
})

test('channels of another chain or another account are not listed, and unknown ones not touched', async () => {
  const elsewhere = createMemoryChain({ ...network, chainId: 8453 }, clock)
  const otherDeps = { vouchers, wallet: payer, ...rest() }
  expect(await createWithdrawals({ chain: elsewhere, ...otherDeps }).list()).toEqual([])
  expect(await createWithdrawals({ chain, ...otherDeps, wallet: session }).list()).toEqual([])
  const unknown = `0x${'99'.repeat(32)}` as const
  await expect(withdrawals.takeBack(unknown)).rejects.toMatchObject({ code: 'storage/not-found' })
})
