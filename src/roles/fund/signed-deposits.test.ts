import { expect, test } from 'vitest'
import { accounts, channelConfig, network } from '../../../tests/fixtures/jobs.ts'
import { createMemoryChain } from '../../chain/memory-chain.ts'
import { ManualClock } from '../../device/manual-clock.ts'
import { channelIdOf } from '../../ledger/channel-id.ts'
import { MemoryDocumentStore } from '../../storage/memory-document-store.ts'
import { type SignedDeposit, keepDeposit, openDeposit, undoneDeposits } from './signed-deposits.ts'

const [wallet, , sender] = accounts
const config = { ...channelConfig, payer: wallet.address }
const channelId = channelIdOf(config, network)

/** A browser whose wallet has money, and deposits that it signs. */
async function openBrowser() {
  const clock = new ManualClock(1_800_000_000_000)
  const chain = createMemoryChain(network, clock)
  await chain.faucet(wallet.address, 1_000n)
  const sign = async (amount: bigint): Promise<SignedDeposit> => ({
    deposit: await chain.authorizeDeposit(config, amount, wallet),
    beforeMicroUsd: 0n,
    fee: null,
  })
  return { chain, clock, documents: new MemoryDocumentStore(), sign }
}

test('of two tabs that sign at once, the deposit of one counts for both', async () => {
  const { sign, ...deps } = await openBrowser()
  const [one, other] = [await sign(10n), await sign(20n)]
  const counts = await Promise.all([keepDeposit(channelId, one, deps), keepDeposit(channelId, other, deps)])
  expect(counts).toEqual([one, one])
  expect(await openDeposit(channelId, deps)).toEqual(one)
})

test('a deposit that the chain shows no more is told until the hour is over, unless others made up for it', async () => {
  const { sign, ...deps } = await openBrowser()
  const { chain, clock } = deps
  const signed = await keepDeposit(channelId, await sign(10n), deps)
  await chain.submitDeposit(signed.deposit, sender)
  expect(await openDeposit(channelId, deps)).toBeNull()
  expect(await undoneDeposits(channelId, deps)).toEqual([])
  const { authorizationState, channel } = chain
  chain.authorizationState = async () => 'open'
  expect(await undoneDeposits(channelId, deps)).toEqual([])
  chain.channel = async () => ({ balance: 9n, totalClaimed: 0n, withdrawal: null })
  expect(await undoneDeposits(channelId, deps)).toEqual([signed])
  expect(await undoneDeposits(`0x${'00'.repeat(32)}`, deps)).toEqual([])
  await clock.advance(3_600_000)
  expect(await undoneDeposits(channelId, deps)).toEqual([])
  Object.assign(chain, { authorizationState, channel })
  expect(await deps.documents.keys('made-deposits')).toEqual([])
})

test('a deposit is open until it is made, and room for another then', async () => {
  const { sign, ...deps } = await openBrowser()
  const first = await keepDeposit(channelId, await sign(10n), deps)
  await deps.chain.submitDeposit(first.deposit, sender)
  expect(await openDeposit(channelId, deps)).toBeNull()
  const second = await sign(20n)
  expect(await keepDeposit(channelId, second, deps)).toEqual(second)
  await deps.clock.advance(3_601_000)
  expect(await openDeposit(channelId, deps)).toBeNull()
  expect(await deps.documents.keys('signed-deposits')).toEqual([])
})
