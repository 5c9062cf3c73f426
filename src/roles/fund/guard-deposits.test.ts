import { expect, test } from 'vitest'
import { accounts, channelConfig, network } from '../../../tests/fixtures/jobs.ts'
import { createMemoryChain } from '../../chain/memory-chain.ts'
import { ManualClock } from '../../device/manual-clock.ts'
import type { ChannelConfig } from '../../domain/channel.ts'
import { channelIdOf } from '../../ledger/channel-id.ts'
import { MemoryDocumentStore } from '../../storage/memory-document-store.ts'
import { MemoryVoucherStore } from '../../storage/memory-voucher-store.ts'
import { guardDeposits } from './guard-deposits.ts'
import { keepDeposit, openDeposit } from './signed-deposits.ts'

const [wallet, , sender] = accounts

const configOf = (n: number): ChannelConfig => ({
  ...channelConfig,
  payer: wallet.address,
  salt: `0x${n.toString(16).padStart(64, '0')}`,
})

test('a deposit that cannot be sent again, or read, keeps no other from it', async () => {
  const clock = new ManualClock(1_800_000_000_000)
  const chain = createMemoryChain(network, clock)
  const [vouchers, documents] = [new MemoryVoucherStore(), new MemoryDocumentStore()]
  const deps = { chain, vouchers, documents, clock, wallet, sender }
  await chain.faucet(wallet.address, 1_000n)
  const configs = [1, 2, 3].map(configOf)
  for (const config of configs) {
    const channelId = channelIdOf(config, network)
    const { chainId, settlement } = network
    const record = { channelId, config, chainId, settlement, voucher: null, claimedMicroUsd: 0n }
    await vouchers.addChannel({ ...record, side: 'payer' })
    const deposit = await chain.authorizeDeposit(config, 10n, wallet)
    await keepDeposit(channelId, { deposit, beforeMicroUsd: 0n, fee: null }, deps)
    await chain.submitDeposit(deposit, sender)
    await openDeposit(channelId, deps)
  }
  // A block with all of them is gone; the first is refused, and nobody says what the second holds.
  const sent: string[] = []
  Object.assign(chain, {
    authorizationState: async () => 'open',
    async channel(channelId: string) {
      if (channelId === channelIdOf(configs[1]!, network)) throw new Error('The node is away.')
      return { balance: 0n, totalClaimed: 0n, withdrawal: null }
    },
    async submitDeposit({ config }: { config: ChannelConfig }) {
      if (config.salt === configs[0]!.salt) throw new Error('The wallet holds less.')
      sent.push(config.salt)
    },
  })
  const hubs = {
    byAccount: async () => null,
    client(): never {
      throw new Error('There is no hub.')
    },
  }
  const over = new AbortController()
  const guarding = guardDeposits({ ...deps, hubs }, over.signal)
  await clock.advance(0)
  over.abort()
  await guarding
  expect(sent).toEqual([configs[2]!.salt])
})
