import { type Hex, sameAddress } from '../../../src/domain/bytes.ts'
import { type ChannelConfig, type Voucher, promisedBy } from '../../../src/domain/channel.ts'
import type { Network } from '../../../src/domain/network.ts'
import { ChainError, HubError } from '../../../src/errors/index.ts'
import { channelIdOf } from '../../../src/ledger/channel-id.ts'
import type { Payee } from '../../../src/ledger/sign-hub.ts'
import { verifyVoucher } from '../../../src/ledger/verify-voucher.ts'
import type { ChannelRecord, Clock } from '../../../src/ports/index.ts'
import { within } from '../../../src/roles/common/within.ts'
import type { RelayLog } from '../../log.ts'
import type { HubStore } from '../books/hub-store.ts'
import type { HubPolicy } from '../hub-policy.ts'
import type { ChannelFunding } from './channel-funding.ts'
import { depositAfter, isLow } from './deposit-size.ts'

/** How long a job waits for the hub's deposit, in milliseconds. */
const fundingTimeoutMs = 45_000

/** What the hub's channels to providers are made of. */
export type ProviderChannelsDeps = {
  network: Network
  store: HubStore
  clock: Clock
  funding: ChannelFunding
  log: RelayLog
  policy: Pick<HubPolicy, 'firstDepositMicroUsd' | 'depositMicroUsd' | 'withdrawDelaySeconds'>
}

/** The hub's channels to providers, funded on demand. */
export interface ProviderChannels {
  /**
   * Returns the channel that a provider asks for: the same one each time. A new one is kept only when its first job
   * comes, so that asking fills no disk.
   */
  channelFor(payee: Payee): Promise<ChannelRecord>
  /**
   * Returns a channel with the hub's own voucher that its provider holds, where books that were restored from a copy
   * know of less; it is on disk then. A voucher of another channel changes nothing.
   * @throws LedgerError `ledger/bad-signature` when the hub did not sign it
   */
  catchUp(channel: ChannelRecord, held: Voucher | null): Promise<ChannelRecord>
  /**
   * Keeps a channel and resolves once it covers what its open jobs may still take, after a deposit if it takes one.
   * `payerChannelId` is the requester's channel whose job is to be covered.
   * @throws HubError `hub/out-of-funds`, `hub/busy`
   * @throws ChainError when the chain does not take the deposit in time
   */
  secure(channel: ChannelRecord, payerChannelId: Hex): Promise<void>
  /** Deposits ahead of need, in the background, when little of a channel is free. */
  topUp(channelId: Hex): void
}

/** Opens the hub's channels to providers. */
export function createProviderChannels(deps: ProviderChannelsDeps): ProviderChannels {
  const { network, store, clock, funding, policy, log } = deps

  const cover = async (channelId: Hex, payerChannelId: Hex): Promise<void> => {
    for (;;) {
      const { freeMicroUsd, isWithdrawing } = await funding.of(channelId)
      if (isWithdrawing) throw takingBack()
      if (freeMicroUsd >= 0n) return
      await funding.deposit(channelId, -freeMicroUsd, payerChannelId)
    }
  }

  /** By the whole amount or not at all: a transaction for less is not worth it. */
  const topUpNow = async (channelId: Hex): Promise<void> => {
    const { record, freeMicroUsd, promisedMicroUsd, isWithdrawing } = await funding.of(channelId)
    if (isWithdrawing || !isLow(freeMicroUsd, promisedMicroUsd, policy)) return
    const amount = depositAfter(promisedMicroUsd, policy)
    if ((await funding.roomFor(record)) >= amount) await funding.deposit(channelId, amount)
  }

  return {
    async channelFor(payee) {
      const known = (await store.channelsTo(payee.provider)).find((record) => isFor(payee, record, network))
      if (known) return known
      const { chainId, settlement } = network
      const config = configFor(payee, network, policy)
      const channelId = channelIdOf(config, network)
      return { channelId, config, chainId, settlement, side: 'payer', voucher: null, claimedMicroUsd: 0n }
    },
    async catchUp(channel, held) {
      const { channelId, config } = channel
      const isAhead = held?.channelId === channelId && promisedBy(held) > promisedBy(channel.voucher)
      if (!isAhead) return channel
      await verifyVoucher(held, { channelId, payerAuthorizer: config.payerAuthorizer }, network)
      await store.addChannel(channel)
      const { kept } = await store.raiseVoucher('payer', held)
      log('hub-books-behind', { microUsd: Number(promisedBy(kept) - promisedBy(channel.voucher)) })
      return { ...channel, voucher: kept }
    },
    async secure(channel, payerChannelId) {
      await store.addChannel(channel)
      await within(fundingTimeoutMs, cover(channel.channelId, payerChannelId), takesLong, clock)
    },
    topUp(channelId) {
      // Nobody waits for it; a failure is in the log and in the figures.
      topUpNow(channelId).catch(() => {})
    },
  }
}

/** Terms of the hub's channel to a provider. The notice is the policy's when the channel is new. */
function configFor(
  payee: Payee,
  { token }: Network,
  { withdrawDelaySeconds }: Pick<HubPolicy, 'withdrawDelaySeconds'>,
): ChannelConfig {
  return {
    payer: payee.hub,
    payerAuthorizer: payee.hub,
    receiver: payee.receiver,
    receiverAuthorizer: payee.provider,
    token,
    withdrawDelay: withdrawDelaySeconds,
    salt: payee.salt,
  }
}

function isFor(payee: Payee, { config, settlement }: ChannelRecord, network: Network): boolean {
  return (
    config.salt === payee.salt &&
    sameAddress(settlement, network.settlement) &&
    sameAddress(config.payer, payee.hub) &&
    sameAddress(config.receiver, payee.receiver) &&
    sameAddress(config.receiverAuthorizer, payee.provider)
  )
}

function takingBack(): HubError {
  return new HubError('hub/out-of-funds', 'The hub is taking back what it had set aside for this provider.')
}

function takesLong(): ChainError {
  return new ChainError('chain/timeout', "The hub's deposit for this provider takes long.")
}
