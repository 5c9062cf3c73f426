import type { Address, Hex } from '../domain/bytes.ts'
import type { ChannelConfig, Voucher } from '../domain/channel.ts'
import type { MicroUsd } from '../domain/price.ts'

/** A channel that this tab pays from or is paid through. */
export type ChannelRecord = {
  channelId: Hex
  config: ChannelConfig
  chainId: number
  settlement: Address
  side: 'payer' | 'receiver'
  /** Highest voucher signed or received; never replaced by a lower one. */
  voucher: Voucher | null
  /** Highest total claimed on the chain that this tab knows of. */
  claimedMicroUsd: MicroUsd
  /** What of its vouchers jobs of this browser were paid with, where one channel pays for many of them. */
  attributedMicroUsd?: MicroUsd
}

/** What a raise found and left. */
export type Raise = {
  /** The voucher that is kept now. */
  kept: Voucher
  /** Promised before it. */
  beforeMicroUsd: MicroUsd
}

/** Keeps money promises through reloads and crashes. A resolved promise means it is on disk. */
export interface VoucherStore {
  /** Adds a channel; an existing record with the same id and side is left as it is. */
  addChannel(record: ChannelRecord): Promise<void>
  channel(channelId: Hex, side: ChannelRecord['side']): Promise<ChannelRecord | null>
  channels(side: ChannelRecord['side']): Promise<ChannelRecord[]>
  /**
   * Keeps a voucher if it is higher than the one kept, in one atomic step.
   * @throws StorageError `storage/not-found` when the channel was never added
   */
  raiseVoucher(side: ChannelRecord['side'], voucher: Voucher): Promise<Raise>
  /**
   * Keeps a voucher if the one kept still promises exactly `fromMicroUsd`, in one atomic step, and returns whether
   * it did: so that two tabs that promise at once both know.
   * @throws StorageError `storage/not-found` when the channel was never added
   */
  raiseVoucherFrom(side: ChannelRecord['side'], voucher: Voucher, fromMicroUsd: MicroUsd): Promise<boolean>
  /** Raises the claimed total of a receiver's channel; a lower one is ignored. */
  raiseClaimed(channelId: Hex, claimedMicroUsd: MicroUsd): Promise<void>
}

/** What an attribution left, and what it gave. */
export type Attribution = {
  /** The voucher that is kept now. */
  kept: Voucher
  /** What of the wanted amount was free. */
  attributedMicroUsd: MicroUsd
}

/** Keeps vouchers of channels that pay for many jobs, whichever tabs of a browser do them. */
export interface EarningStore extends VoucherStore {
  /**
   * Keeps a receiver's voucher as `raiseVoucher` does and attributes to a job up to `wantedMicroUsd` of what vouchers
   * promise and no tab has attributed yet, all in one atomic step.
   * @throws StorageError `storage/not-found` when the channel was never added
   */
  attribute(voucher: Voucher, wantedMicroUsd: MicroUsd): Promise<Attribution>
}
