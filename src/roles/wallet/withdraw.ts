import { type Address, type Hex, type PeerId, sameAddress } from '../../domain/bytes.ts'
import { type ChannelState, usedOf } from '../../domain/channel.ts'
import type { MicroUsd } from '../../domain/price.ts'
import { sessionEndOf } from '../../domain/session.ts'
import { BaseError, StorageError } from '../../errors/index.ts'
import type { Chain, ChannelRecord, Clock, DocumentStore, Signer, VoucherStore } from '../../ports/index.ts'
import { canPayGas } from '../common/can-pay-gas.ts'
import { channelsHere } from '../common/channels-here.ts'
import { refundFee } from '../fund/refund-fees.ts'
import type { KnownHubs } from '../hub/known-hubs.ts'
import { isPlausibleFee } from '../hub/plausible-fee.ts'
import { type TakenBack, refundThroughHub } from './refund-through-hub.ts'

/** Money in one channel that its payer may have back. */
export type SetAside = {
  channelId: Hex
  /** Who is paid from it: a provider, or a hub. */
  provider: Address
  /** What is neither promised nor claimed; once a withdrawal is announced, what of it is still to come back. */
  amountMicroUsd: MicroUsd
  /** Until when this browser may spend it without asking, or null where that has no end. */
  spendableUntilMs: number | null
  /** Null until a withdrawal is announced. */
  withdrawal: { readyAtMs: number; isReady: boolean } | null
  /** Its hub gives it back at once, without gas, for this fee; null where taking it back needs gas and the delay. */
  refund: { feeMicroUsd: MicroUsd } | null
}

export type { TakenBack }

/** Where the money is, and whose. */
export type WithdrawDeps = {
  chain: Chain
  vouchers: VoucherStore
  wallet: Signer
  /** Signs vouchers: a hub's fee is one. */
  session: Signer
  hubs: KnownHubs
  clock: Clock
  /** Keeps what is promised for refunds. */
  documents: DocumentStore
}

/** How a payer gets back what its channels hold unspent. */
export interface Withdrawals {
  /** Channels that hold money to take back, or have some on its way. */
  list(): Promise<SetAside[]>
  /**
   * Takes back all that no voucher promises. From a hub that is there it comes at once: returns what came. Else it
   * announces the withdrawal and returns null: the channel's delay begins, in which its receiver may still claim.
   * Later answers are paid from another channel.
   * @throws ChainError `chain/reverted` when nothing is left or a withdrawal is announced already
   * @throws HubError `hub/no-answer` when only the chain will tell whether the hub has paid, and why a hub refuses
   * where the wallet has no gas to do without it
   * @throws StorageError `storage/not-found` for a channel that this tab never opened
   */
  takeBack(channelId: Hex): Promise<TakenBack | null>
  /**
   * Moves an announced withdrawal into the wallet and returns what came.
   * @throws ChainError `chain/reverted` before the delay has passed
   * @throws StorageError `storage/not-found` for a channel that this tab never opened
   */
  finish(channelId: Hex): Promise<TakenBack>
}

type OpenChannel = { record: ChannelRecord; state: ChannelState }

/** What is neither promised nor claimed: claims can exceed the promises that this tab remembers. */
function unspent({ record, state }: OpenChannel): MicroUsd {
  const used = usedOf(record.voucher, state)
  return state.balance > used ? state.balance - used : 0n
}

/** What finishing pays: claims made since the announcement come first. */
function returning({ balance, totalClaimed, withdrawal }: ChannelState): MicroUsd {
  const unclaimed = balance - totalClaimed
  const announced = withdrawal?.amount ?? 0n
  return announced < unclaimed ? announced : unclaimed
}

/** Returns the withdrawals of one account. */
export function createWithdrawals(deps: WithdrawDeps): Withdrawals {
  const { chain, vouchers, wallet, hubs, clock } = deps

  const open = async (channelId: Hex): Promise<OpenChannel> => {
    const state = await chain.channel(channelId)
    // Read last, so that no promise made meanwhile is overlooked.
    const record = await vouchers.channel(channelId, 'payer')
    if (!record) throw new StorageError('storage/not-found', 'This tab knows no such channel.')
    return { record, state }
  }

  /** Returns the hub that gives a channel's money back at once, and its fee, where there is more than that to get. */
  const refundOf = async (channel: OpenChannel): Promise<{ hub: PeerId; feeMicroUsd: MicroUsd } | null> => {
    const { config } = channel.record
    if (channel.state.withdrawal) return null
    const hub = await hubs.byAccount(config.receiver)
    const feeMicroUsd = hub && (await hubs.feeFor(hub.peerId, 'refund').catch(() => null))
    if (hub === null || feeMicroUsd === null || !isPlausibleFee(feeMicroUsd)) return null
    // What is promised for it already is not unspent.
    const most = unspent(channel) + (await refundFee(channel.record.channelId, deps))
    return most > feeMicroUsd ? { hub: hub.peerId, feeMicroUsd } : null
  }

  /** Returns what a hub has given back; null where it does not, and the wallet can do without it. */
  const refundNow = async (channel: OpenChannel): Promise<TakenBack | null> => {
    const refund = await refundOf(channel)
    if (!refund) return null
    try {
      return await refundThroughHub(channel.record, hubs.client(refund.hub), deps)
    } catch (error) {
      const isOpen = error instanceof BaseError && error.code !== 'hub/no-answer'
      if (!isOpen || !(await canPayGas('refund', wallet, chain))) throw error
      return null
    }
  }

  const describe = async (channel: OpenChannel): Promise<SetAside> => {
    const { channelId, config } = channel.record
    const { withdrawal } = channel.state
    const refund = await refundOf(channel)
    const endsAtSeconds = sessionEndOf(config)
    const spendableUntilMs = endsAtSeconds === null ? null : endsAtSeconds * 1000
    const base = {
      channelId,
      provider: config.receiver,
      spendableUntilMs,
      refund: refund && { feeMicroUsd: refund.feeMicroUsd },
    }
    if (!withdrawal) return { ...base, amountMicroUsd: unspent(channel), withdrawal: null }
    const readyAtMs = (withdrawal.initiatedAtSeconds + config.withdrawDelay) * 1000
    return {
      ...base,
      amountMicroUsd: returning(channel.state),
      withdrawal: { readyAtMs, isReady: clock.nowMs() >= readyAtMs },
    }
  }

  return {
    async list() {
      const records = await channelsHere(vouchers, 'payer', chain.network)
      const own = records.filter(({ config }) => sameAddress(config.payer, wallet.address))
      const listed = await Promise.all(own.map(async ({ channelId }) => describe(await open(channelId))))
      return listed.filter(({ amountMicroUsd }) => amountMicroUsd > 0n)
    },
    async takeBack(channelId) {
      const returned = await refundNow(await open(channelId))
      if (returned !== null) return returned
      // Read anew: the fee that was offered to a hub is promised all the same.
      const channel = await open(channelId)
      await chain.initiateWithdraw(channel.record.config, unspent(channel), wallet)
      return null
    },
    async finish(channelId) {
      const { record, state } = await open(channelId)
      const transaction = await chain.finalizeWithdraw(record.config, wallet)
      return { amountMicroUsd: returning(state), feeMicroUsd: 0n, transaction }
    },
  }
}
