import type { Hex } from '../../src/domain/bytes.ts'
import type { ChannelRecord } from '../../src/ports/voucher-store.ts'
import { Database } from '../../src/storage/database.ts'
import { IndexedDbDocumentStore } from '../../src/storage/indexeddb-document-store.ts'
import { IndexedDbVoucherStore } from '../../src/storage/indexeddb-voucher-store.ts'
import { migrations } from '../../src/storage/migrations.ts'
import { documentStoreCases } from '../conformance/document-store.ts'
import { earningStoreCases } from '../conformance/voucher-store.ts'
import { channelRecord, voucherOf } from '../fixtures/channel.ts'

const opened: Database[] = []

function open(name: string): Database {
  const database = new Database({ name })
  opened.push(database)
  return database
}

async function closeAll(): Promise<void> {
  await Promise.all(opened.splice(0).map((database) => database.close()))
}

export async function runVoucherCase(index: number): Promise<void> {
  const name = `vouchers-${index}`
  await earningStoreCases[index]?.run({ open: async () => new IndexedDbVoucherStore(open(name)) })
  await closeAll()
}

export async function runDocumentCase(index: number): Promise<void> {
  const name = `documents-${index}`
  await documentStoreCases[index]?.run({ open: async () => new IndexedDbDocumentStore(open(name)) })
  await closeAll()
}

export async function addChannel(name: string): Promise<void> {
  await new IndexedDbVoucherStore(open(name)).addChannel(channelRecord('01'))
}

/** Raises to every amount of one parity, as fast as it can. */
export async function raiseMany(name: string, parity: number, count: number): Promise<void> {
  const store = new IndexedDbVoucherStore(open(name))
  for (let amount = parity; amount < count; amount += 2) {
    await store.raiseVoucher('receiver', voucherOf('01', BigInt(amount)))
  }
}

export async function readChannel(name: string): Promise<ChannelRecord | null> {
  return new IndexedDbVoucherStore(open(name)).channel(channelRecord('01').channelId as Hex, 'receiver')
}

/** Opens the database as a later release would, which turns a document's value into a list of it. */
export async function upgrade(name: string): Promise<unknown> {
  const later = new Database({
    name,
    migrations: [
      ...migrations,
      async (_database, upgrade) => {
        const documents = upgrade.objectStore('documents')
        for await (const cursor of documents) await cursor.update?.([cursor.value])
      },
    ],
  })
  opened.push(later)
  return new IndexedDbDocumentStore(later).get('notes', 'a')
}

export async function putNote(name: string, value: unknown): Promise<void> {
  await new IndexedDbDocumentStore(open(name)).put('notes', 'a', value)
}

/** Uses the connection opened last again. */
export async function readNote(): Promise<unknown> {
  const database = opened.at(-1)
  return database && new IndexedDbDocumentStore(database).get('notes', 'a')
}

export async function putBytes(name: string, bytes: number): Promise<void> {
  await new IndexedDbDocumentStore(open(name)).put('notes', 'large', new Uint8Array(bytes))
}

/** Holds a connection as a page would that does not care about other tabs. */
export async function holdForEver(name: string): Promise<void> {
  const { promise, resolve, reject } = Promise.withResolvers<void>()
  const request = indexedDB.open(name, 1)
  request.onsuccess = () => resolve()
  request.onerror = () => reject(request.error)
  await promise
}
