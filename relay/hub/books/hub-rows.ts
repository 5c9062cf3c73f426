import type { SQLOutputValue } from 'node:sqlite'
import type { Address, Hex } from '../../../src/domain/bytes.ts'
import type { ChannelConfig, Voucher } from '../../../src/domain/channel.ts'
import type { MicroUsd } from '../../../src/domain/price.ts'
import type { ChannelRecord } from '../../../src/ports/voucher-store.ts'
import { corruptBooks } from './as-database-error.ts'
import type { PayerAccount } from './book-forwardings.ts'
import type { EarnedRecord, HubJobRecord, HubTotals, RefundRecord } from './hub-store.ts'

/** A row as SQLite gives it; its tables are strict, so a column has the type that it was declared with. */
export type Row = Record<string, SQLOutputValue>

/** Returns the channel of a row of `channels`. @throws StorageError `storage/corrupt` */
export function readChannel(row: Row): ChannelRecord {
  const channelId = text(row, 'channel_id') as Hex
  return {
    channelId,
    config: readConfig(row),
    chainId: Number(row.chain_id),
    settlement: text(row, 'settlement') as Address,
    side: text(row, 'side') as ChannelRecord['side'],
    voucher: readVoucher(row, channelId),
    claimedMicroUsd: amount(row, 'claimed_micro_usd'),
  }
}

/** Returns a payer's account of a row of `channels`. @throws StorageError `storage/corrupt` */
export function readPayer(row: Row): PayerAccount {
  return { record: readChannel(row), attributedMicroUsd: amount(row, 'attributed_micro_usd') }
}

/** Returns the job of a row of `jobs`. @throws StorageError `storage/corrupt` */
export function readJob(row: Row): HubJobRecord {
  return {
    jobId: text(row, 'job_id') as Hex,
    payerChannelId: text(row, 'payer_channel_id') as Hex,
    provider: text(row, 'provider') as Address,
    payeeChannelId: text(row, 'payee_channel_id') as Hex,
    ceilingMicroUsd: amount(row, 'ceiling_micro_usd'),
    spreadMillionths: Number(row.spread_millionths),
    chargeMicroUsd: amount(row, 'charge_micro_usd'),
    openedAtMs: Number(row.opened_at_ms),
  }
}

/** Returns the refund of a row of `refunding`. @throws StorageError `storage/corrupt` */
export function readRefund(row: Row): RefundRecord {
  const channelId = text(row, 'channel_id') as Hex
  const maxClaimableAmount = amount(row, 'fee_voucher_micro_usd')
  return {
    channelId,
    number: amount(row, 'number'),
    totalClaimedMicroUsd: amount(row, 'total_claimed_micro_usd'),
    feeMicroUsd: amount(row, 'fee_micro_usd'),
    feeVoucher: { channelId, maxClaimableAmount, signature: text(row, 'fee_voucher_signature') as Hex },
    sinceMs: Number(row.since_ms),
  }
}

/** Returns the sums of the one row of `totals`. @throws StorageError `storage/corrupt` */
export function readTotals(row: Row | undefined): HubTotals {
  if (!row) throw corruptBooks({ details: 'totals are missing' })
  return {
    jobs: Number(row.jobs),
    volumeMicroUsd: amount(row, 'volume_micro_usd'),
    spreadMicroUsd: amount(row, 'spread_micro_usd'),
    feesMicroUsd: amount(row, 'fees_micro_usd'),
    promisedMicroUsd: amount(row, 'promised_micro_usd'),
    claimedMicroUsd: amount(row, 'claimed_micro_usd'),
  }
}

/** Returns what a row says of one of the hub's own channels. @throws StorageError `storage/corrupt` */
export function readPromise(row: Row): { channelId: Hex; promisedMicroUsd: MicroUsd } {
  const promisedMicroUsd = row.voucher_micro_usd === null ? 0n : amount(row, 'voucher_micro_usd')
  return { channelId: text(row, 'channel_id') as Hex, promisedMicroUsd }
}

/** Returns what a row says was claimed of a channel. @throws StorageError `storage/corrupt` */
export function readClaimed(row: Row): Pick<EarnedRecord, 'channelId' | 'claimedMicroUsd'> {
  return {
    channelId: text(row, 'channel_id') as Hex,
    claimedMicroUsd: amount(row, 'claimed_micro_usd'),
  }
}

/** Returns what a row says was earned and claimed of a channel. @throws StorageError `storage/corrupt` */
export function readEarned(row: Row): EarnedRecord {
  return { ...readClaimed(row), attributedMicroUsd: amount(row, 'attributed_micro_usd') }
}

function readConfig(row: Row): ChannelConfig {
  try {
    return JSON.parse(text(row, 'config'))
  } catch (cause) {
    throw corruptBooks({ details: 'config is not JSON', cause })
  }
}

function readVoucher(row: Row, channelId: Hex): Voucher | null {
  if (row.voucher_signature === null) return null
  const signature = text(row, 'voucher_signature') as Hex
  return { channelId, maxClaimableAmount: amount(row, 'voucher_micro_usd'), signature }
}

function amount(row: Row, column: string): MicroUsd {
  const digits = text(row, column)
  if (!/^\d{1,39}$/.test(digits)) throw corruptBooks({ details: `${column} is ${digits}` })
  return BigInt(digits)
}

function text(row: Row, column: string): string {
  const value = row[column]
  if (typeof value !== 'string') throw corruptBooks({ details: `${column} is no text` })
  return value
}
