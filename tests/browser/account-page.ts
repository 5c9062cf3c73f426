import { createLocalAccount, openLocalAccount } from '../../src/chain/account/local-account.ts'
import type { TypedData } from '../../src/ports/signer.ts'

export async function openAddress(name: string): Promise<string | null> {
  return (await openLocalAccount(name))?.address ?? null
}

export async function createAddress(name: string): Promise<string> {
  return (await createLocalAccount(name)).address
}

export async function sign(name: string, data: TypedData): Promise<string | undefined> {
  return (await openLocalAccount(name))?.signTypedData(data)
}

export async function signTransaction(name: string, transaction: Record<string, unknown>) {
  return (await openLocalAccount(name))?.signTransaction?.(transaction)
}

/** Everything that is stored for an account, as a thief's script could read it. */
export async function readStored(name: string) {
  const { wrappingKey, ...rest } = await readRecord(name)
  const exported = await crypto.subtle.exportKey('raw', wrappingKey).then(
    () => 'exported',
    (error: Error) => error.name,
  )
  return { fields: Object.keys(rest).sort(), exported, cookie: document.cookie, local: localStorage.length }
}

/** Swaps the records of two accounts. */
export async function swap(a: string, b: string): Promise<void> {
  const [first, second] = [await readRecord(a), await readRecord(b)]
  const accounts = (await openKeys()).transaction('accounts', 'readwrite').objectStore('accounts')
  await Promise.all([settled(accounts.put(first, b)), settled(accounts.put(second, a))])
}

async function readRecord(name: string): Promise<{ wrappingKey: CryptoKey }> {
  return settled((await openKeys()).transaction('accounts').objectStore('accounts').get(name))
}

function openKeys(): Promise<IDBDatabase> {
  return settled(indexedDB.open('opentab-keys'))
}

function settled<result>(request: IDBRequest<result>): Promise<result> {
  const { promise, resolve, reject } = Promise.withResolvers<result>()
  request.onsuccess = () => resolve(request.result)
  request.onerror = () => reject(request.error)
  return promise
}
