import type { Hex } from '../domain/bytes.ts'
import { type Voucher, promisedBy } from '../domain/channel.ts'
import type { MicroUsd } from '../domain/price.ts'
import { StorageError } from '../errors/index.ts'
import type { Attribution, ChannelRecord, Raise } from '../ports/voucher-store.ts'

/** Returns the record with the voucher if it promises more than the one kept, and what that changed. */
export function raiseVoucher(
  record: ChannelRecord,
  voucher: Voucher,
): { record: ChannelRecord; raise: Raise } {
  const before = record.voucher
  const beforeMicroUsd = promisedBy(before)
  const kept = before && beforeMicroUsd >= voucher.maxClaimableAmount ? before : voucher
  return { record: { ...record, voucher: kept }, raise: { kept, beforeMicroUsd } }
}

/** Returns the record with the voucher, and what of its vouchers it attributes to one more payment. */
export function attributeVoucher(
  record: ChannelRecord,
  voucher: Voucher,
  wantedMicroUsd: MicroUsd,
): { record: ChannelRecord; attribution: Attribution } {
  const { record: raised, raise } = raiseVoucher(record, voucher)
  // What was promised before attributions were kept pays for nothing any more.
  const before = record.attributedMicroUsd ?? raise.beforeMicroUsd
  const promised = promisedBy(raise.kept)
  const free = promised > before ? promised - before : 0n
  const attributedMicroUsd = wantedMicroUsd < free ? wantedMicroUsd : free
  return {
    record: { ...raised, attributedMicroUsd: before + attributedMicroUsd },
    attribution: { kept: raise.kept, attributedMicroUsd },
  }
}

/** Returns the record with the higher voucher if the one kept promises exactly `fromMicroUsd`, else null. */
export function raiseVoucherFrom(
  record: ChannelRecord,
  voucher: Voucher,
  fromMicroUsd: MicroUsd,
): ChannelRecord | null {
  const isExpected = promisedBy(record.voucher) === fromMicroUsd && voucher.maxClaimableAmount > fromMicroUsd
  return isExpected ? { ...record, voucher } : null
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
