import { type Address, type Hex, sameAddress } from '../domain/bytes.ts'
import { type ChannelState, usedOf } from '../domain/channel.ts'
import type { MicroUsd } from '../domain/price.ts'
import { StorageError } from '../errors/index.ts'
import type { Chain, ChannelRecord, Clock, Signer, VoucherStore } from '../ports/index.ts'
import { channelsHere } from './channels-here.ts'

/** Money in one channel that its payer may have back. */
export type SetAside = {
  channelId: Hex
  provider: Address
  /** What is neither promised nor claimed; once a withdrawal is announced, what of it is still to come back. */
  amountMicroUsd: MicroUsd
  /** Null until a withdrawal is announced. */
  withdrawal: { readyAtMs: number; isReady: boolean } | null
}

/** Where the money is, and whose. */
export type WithdrawDeps = {
  chain: Chain
  vouchers: VoucherStore
  wallet: Signer
  clock: Pick<Clock, 'nowMs'>
}

/** How a payer gets back what its channels hold unspent. */
export interface Withdrawals {
  /** Channels that hold money to take back, or have some on its way. */
  list(): Promise<SetAside[]>
  /**
   * Announces the withdrawal of all that no voucher promises. The channel's delay begins, in which its
   * provider may still claim; later answers are paid from another channel.
   * @throws ChainError `chain/reverted` when nothing is left or a withdrawal is announced already
   * @throws StorageError `storage/not-found` for a channel that this tab never opened
   */
  takeBack(channelId: Hex): Promise<void>
  /**
   * Moves an announced withdrawal into the wallet and returns its amount.
   * @throws ChainError `chain/reverted` before the delay has passed
   * @throws StorageError `storage/not-found` for a channel that this tab never opened
   */
  finish(channelId: Hex): Promise<MicroUsd>
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
export function createWithdrawals({ chain, vouchers, wallet, clock }: WithdrawDeps): Withdrawals {
  const open = async (channelId: Hex): Promise<OpenChannel> => {
    const state = await chain.channel(channelId)
    // Read last, so that no promise made meanwhile is overlooked.
    const record = await vouchers.channel(channelId, 'payer')
    if (!record) throw new StorageError('storage/not-found', 'This tab knows no such channel.')
    return { record, state }
  }

  const describe = (channel: OpenChannel): SetAside => {
    const { channelId, config } = channel.record
    const { withdrawal } = channel.state
    const base = { channelId, provider: config.receiver }
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
      const channel = await open(channelId)
      await chain.initiateWithdraw(channel.record.config, unspent(channel), wallet)
    },
    async finish(channelId) {
      const { record, state } = await open(channelId)
      await chain.finalizeWithdraw(record.config, wallet)
      return returning(state)
    },
  }
}
