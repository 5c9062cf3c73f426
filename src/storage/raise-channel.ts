import type { Hex } from '../domain/bytes.ts'
import type { Voucher } from '../domain/channel.ts'
import type { MicroUsd } from '../domain/price.ts'
import { StorageError } from '../errors/index.ts'
import type { ChannelRecord } from '../ports/voucher-store.ts'

/** Returns the record with the voucher if it promises more, else the record itself. */
export function raiseVoucher(record: ChannelRecord, voucher: Voucher): ChannelRecord & { voucher: Voucher } {
  const kept = record.voucher
  if (kept && kept.maxClaimableAmount >= voucher.maxClaimableAmount) return { ...record, voucher: kept }
  return { ...record, voucher }
}

/** Returns the record with the claimed total if it is higher, else the record itself. */
export function raiseClaimed(record: ChannelRecord, claimedMicroUsd: MicroUsd): ChannelRecord {
  return claimedMicroUsd > record.claimedMicroUsd ? { ...record, claimedMicroUsd } : record
}

/** Returns the error for a channel that was never added. */
export function unknownChannel(channelId: Hex): StorageError {
  return new StorageError('storage/not-found', 'This payment channel is not known here.', {
    details: `channel ${channelId}`,
  })
}
