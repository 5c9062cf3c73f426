import type { DBSchema, IDBPDatabase, IDBPTransaction, StoreNames } from 'idb'
import type { Hex } from '../domain/bytes.ts'
import type { ChannelRecord } from '../ports/voucher-store.ts'

/** Everything that the page keeps in IndexedDB, in its newest form. */
export interface Schema extends DBSchema {
  channels: { key: [side: ChannelRecord['side'], channelId: Hex]; value: ChannelRecord }
  documents: { key: [collection: string, key: string]; value: unknown }
}

type Upgrade = IDBPTransaction<Schema, StoreNames<Schema>[], 'versionchange'>

/** Brings the database from one version to the next; it may read and rewrite what is there. */
export type Migration = (database: IDBPDatabase<Schema>, upgrade: Upgrade) => Promise<void>

/** Migration n leads from version n to n + 1. Never change one that was released: add another. */
export const migrations: readonly Migration[] = [
  async (database) => {
    database.createObjectStore('channels', { keyPath: ['side', 'channelId'] })
    database.createObjectStore('documents')
  },
]
