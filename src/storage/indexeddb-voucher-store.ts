import type { IDBPDatabase, IDBPObjectStore } from 'idb'
import type { Hex } from '../domain/bytes.ts'
import type { Voucher } from '../domain/channel.ts'
import type { MicroUsd } from '../domain/price.ts'
import type { Attribution, ChannelRecord, EarningStore, Raise } from '../ports/voucher-store.ts'
import type { Database } from './database.ts'
import type { Schema } from './migrations.ts'
import {
  attributeVoucher,
  raiseClaimed,
  raiseVoucher,
  raiseVoucherFrom,
  unknownChannel,
} from './raise-channel.ts'

type Side = ChannelRecord['side']
type Channels = IDBPObjectStore<Schema, ['channels'], 'channels', 'readwrite'>

/** Keeps vouchers in IndexedDB: what a promise resolved for is flushed to disk, whichever tabs write at once. */
export class IndexedDbVoucherStore implements EarningStore {
  readonly #database: Database

  constructor(database: Database) {
    this.#database = database
  }

  addChannel(record: ChannelRecord): Promise<void> {
    // Some browsers ask the person first: the channel does not wait for that.
    navigator.storage.persist().catch(() => false)
    return this.#write(async (channels) => {
      const known = await channels.count([record.side, record.channelId])
      if (known === 0) await channels.add(record)
    })
  }

  channel(channelId: Hex, side: Side): Promise<ChannelRecord | null> {
    return this.#database.run(async (database) => (await database.get('channels', [side, channelId])) ?? null)
  }

  channels(side: Side): Promise<ChannelRecord[]> {
    // An array sorts after every string, so this covers all ids of the side.
    return this.#database.run((database) =>
      database.getAll('channels', IDBKeyRange.bound([side], [side, []])),
    )
  }

  raiseVoucher(side: Side, voucher: Voucher): Promise<Raise> {
    return this.#write(async (channels) => {
      const { record, raise } = raiseVoucher(await known(channels, side, voucher.channelId), voucher)
      await channels.put(record)
      return raise
    })
  }

  attribute(voucher: Voucher, wantedMicroUsd: MicroUsd): Promise<Attribution> {
    return this.#write(async (channels) => {
      const kept = await known(channels, 'receiver', voucher.channelId)
      const { record, attribution } = attributeVoucher(kept, voucher, wantedMicroUsd)
      await channels.put(record)
      return attribution
    })
  }

  raiseVoucherFrom(side: Side, voucher: Voucher, fromMicroUsd: MicroUsd): Promise<boolean> {
    return this.#write(async (channels) => {
      const record = await known(channels, side, voucher.channelId)
      const raised = raiseVoucherFrom(record, voucher, fromMicroUsd)
      if (raised) await channels.put(raised)
      return raised !== null
    })
  }

  raiseClaimed(channelId: Hex, claimedMicroUsd: MicroUsd): Promise<void> {
    return this.#write(async (channels) => {
      await channels.put(raiseClaimed(await known(channels, 'receiver', channelId), claimedMicroUsd))
    })
  }

  #write<result>(work: (channels: Channels) => Promise<result>): Promise<result> {
    return this.#database.run((database) => writeStrictly(database, work))
  }
}

/** One read-write transaction: the browser lets no other one on this store run beside it, in any tab. */
async function writeStrictly<result>(
  database: IDBPDatabase<Schema>,
  work: (channels: Channels) => Promise<result>,
): Promise<result> {
  const transaction = database.transaction(['channels'], 'readwrite', { durability: 'strict' })
  const [result] = await Promise.all([work(transaction.objectStore('channels')), transaction.done])
  return result
}

async function known(channels: Channels, side: Side, channelId: Hex): Promise<ChannelRecord> {
  const record = await channels.get([side, channelId])
  if (!record) throw unknownChannel(channelId)
  return record
}
