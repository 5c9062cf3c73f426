import { type Address, sameAddress } from '../../domain/bytes.ts'
import { AccountError } from '../../errors/index.ts'
import { type Choice, type KeyRecord, withKeys } from './key-records.ts'

const durability = 'strict'

/** The account of the first visit. Others are named after their address. */
export const firstAccount = 'wallet'
const prefix = `${firstAccount}-`
const isAccount = (name: string) => name === firstAccount || name.startsWith(prefix)

/** A stored key and the name that it is sealed under. */
export type NamedKey = { name: string; record: KeyRecord }

/** Returns the key that is stored under a name, or null. */
export async function readKey(name: string): Promise<KeyRecord | null> {
  const record = await withKeys((keys) => keys.get('accounts', name))
  return record ? withProtection(record) : null
}

/** Returns the accounts that this browser keeps, the first one first. */
export async function listKeys(): Promise<NamedKey[]> {
  return withKeys(async (keys) => {
    const { store } = keys.transaction('accounts')
    const [names, records] = await Promise.all([store.getAllKeys(), store.getAll()])
    return records
      .map((record, index) => ({ name: names[index] ?? '', record: withProtection(record) }))
      .filter(({ name }) => isAccount(name))
  })
}

/** Keeps a key under a name unless one is there already, and returns the one that is there then. */
export async function addKey(name: string, record: KeyRecord): Promise<KeyRecord> {
  return withKeys(async (keys) => {
    const transaction = keys.transaction('accounts', 'readwrite', { durability })
    const existing = await transaction.store.get(name)
    if (!existing) await transaction.store.add(record, name)
    await transaction.done
    return withProtection(existing ?? record)
  })
}

/** Returns the name under which an account is kept, or is to be. */
export async function nameOf(address: Address): Promise<string> {
  const kept = (await listKeys()).find(({ record }) => sameAddress(record.address, address))
  return kept?.name ?? `${prefix}${address.toLowerCase()}`
}

/** Puts a record on the disk beside the one it may replace, and returns it as the disk has it. */
export async function stageKey(name: string, record: KeyRecord): Promise<KeyRecord> {
  await withKeys((keys) => put(keys.transaction('staged', 'readwrite', { durability }), record, name))
  const staged = await withKeys((keys) => keys.get('staged', name))
  if (staged) return staged
  throw new AccountError('account/changed-meanwhile', 'Another tab changed this account. Try again.')
}

/**
 * Lets a staged record take the place of the one before it, in one transaction: before it one whole key is
 * there, after it the other. `replaced` is what the caller knows to be there, or null for whatever is.
 */
export async function commitStaged(name: string, replaced: KeyRecord | null, choice?: Choice): Promise<void> {
  await withKeys(async (keys) => {
    const transaction = keys.transaction(['accounts', 'staged', 'choices'], 'readwrite', { durability })
    const accounts = transaction.objectStore('accounts')
    const staged = await transaction.objectStore('staged').get(name)
    const current = await accounts.get(name)
    if (!staged || (replaced && !(current && isSame(current, replaced)))) {
      transaction.abort()
      await transaction.done.catch(() => {})
      throw new AccountError('account/changed-meanwhile', 'Another tab changed this account. Try again.')
    }
    await accounts.put(staged, name)
    await transaction.objectStore('staged').delete(name)
    if (choice) await transaction.objectStore('choices').put(choice, 'payer')
    await transaction.done
  })
}

/** Removes staged records: copies that never took a place. */
export async function clearStaged(): Promise<void> {
  await withKeys((keys) => keys.clear('staged'))
}

/** Notes when a backup of an account was made. */
export async function noteBackup(name: string, atMs: number): Promise<void> {
  await withKeys(async (keys) => {
    const transaction = keys.transaction('accounts', 'readwrite', { durability })
    const record = await transaction.store.get(name)
    if (record) await transaction.store.put({ ...record, backedUpAtMs: atMs }, name)
    await transaction.done
  })
}

/** Returns which account is in use: the first one until somebody chooses. */
export async function readChoice(): Promise<Choice> {
  return (await withKeys((keys) => keys.get('choices', 'payer'))) ?? { account: firstAccount, wallet: null }
}

/** Remembers which kept account, or which wallet in its place, is in use. */
export async function writeChoice(choice: Choice): Promise<void> {
  await withKeys((keys) => put(keys.transaction('choices', 'readwrite', { durability }), choice, 'payer'))
}

/** Whether two choices let the same account earn and the same account pay. */
export function isSameChoice(a: Choice, b: Choice): boolean {
  return a.account === b.account && a.wallet?.id === b.wallet?.id && a.wallet?.address === b.wallet?.address
}

type Writable<value, key> = {
  store: { put(value: value, key: key): Promise<unknown> }
  done: Promise<void>
}

async function put<value, key>({ store, done }: Writable<value, key>, value: value, key: key): Promise<void> {
  await Promise.all([store.put(value, key), done])
}

/** Whether two records hold the same ciphertext: each sealing has a fresh vector. */
function isSame(a: KeyRecord, b: KeyRecord): boolean {
  return a.iv.every((byte, index) => byte === b.iv[index])
}

/** Records of the first version said nothing of their protection: there was one. */
function withProtection(record: KeyRecord): KeyRecord {
  return record.protection
    ? record
    : { ...(record as KeyRecord & { protection: 'browser' }), protection: 'browser' }
}
