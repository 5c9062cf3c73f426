import { createAccounts } from '../../src/chain/account/accounts.ts'
import { generateWrappingKey, sealKey } from '../../src/chain/account/seal-key.ts'
import { createMemoryAccount } from '../../src/chain/key-signer.ts'
import { createViemChain } from '../../src/chain/viem-chain.ts'
import { systemClock } from '../../src/device/system-clock.ts'
import { systemRandom } from '../../src/device/system-random.ts'
import type { NewProtection } from '../../src/domain/account.ts'
import type { Address, Hex } from '../../src/domain/bytes.ts'
import type { ChannelConfig } from '../../src/domain/channel.ts'
import type { Network } from '../../src/domain/network.ts'
import { channelIdOf } from '../../src/ledger/channel-id.ts'
import type { Accounts, AccountsView, Restorable } from '../../src/ports/accounts.ts'
import type { Signer, TypedData } from '../../src/ports/signer.ts'
import { fundChannel } from '../../src/roles/fund/fund-channel.ts'
import { MemoryDocumentStore } from '../../src/storage/memory-document-store.ts'
import { MemoryVoucherStore } from '../../src/storage/memory-voucher-store.ts'
import { type ScriptedWallet, type WalletScript, announceWallet } from '../fixtures/announced-wallet.ts'

let opened: Accounts
let chainNetwork: Network
let wallet: ScriptedWallet

/** Opens the accounts as the page does when it starts. */
export async function open(network: Network): Promise<AccountsView> {
  chainNetwork = network
  opened = createAccounts(network, systemClock)
  return opened.view()
}

export const view = () => opened.view()
export const protect = (protection: NewProtection) => opened.protect(protection)
export const unlock = (passphrase?: string) => opened.unlock(passphrase)
export const lock = () => opened.lock()
export const backUp = (passphrase: string) => opened.backUp(passphrase)
export const noteBackup = () => opened.noteBackup()
export const restore = (from: Restorable) => opened.restore(from)
export const use = (address: Address) => opened.use(address)
export const connect = (walletId: string) => opened.connect(walletId)

export async function sign(data: TypedData): Promise<string> {
  return (await opened.payer()).signTypedData(data)
}

let held: Signer

/** Takes the signer once, as the page does when it opens. */
export async function hold(): Promise<void> {
  held = await opened.earner()
}

export const signHeld = (data: TypedData) => held.signTypedData(data)

export async function earnerAddress(): Promise<string> {
  return (await opened.earner()).address
}

/** Asks for a signature and, once that waits for the locked account, unlocks it or says no. */
export async function signWhileLocked(data: TypedData, passphrase: string | null): Promise<string> {
  const { promise: wanted, resolve } = Promise.withResolvers<void>()
  const unwatch = opened.watch(async () => (await opened.view()).wanted && resolve())
  const signature = sign(data)
  signature.catch(() => {})
  await wanted
  unwatch()
  if (passphrase === null) opened.decline()
  else await opened.unlock(passphrase)
  return signature
}

/** Opens a channel as asking does: the payer signs, this browser's own account sends. Returns the channel's balance. */
export async function deposit(receiver: Address): Promise<bigint> {
  const chain = createViemChain(chainNetwork)
  const [wallet, sender] = await Promise.all([opened.payer(), opened.earner()])
  const keys = { wallet, sender, session: createMemoryAccount() }
  const vouchers = new MemoryVoucherStore()
  const documents = new MemoryDocumentStore()
  const deps = { chain, vouchers, documents, random: systemRandom, clock: systemClock, ...keys }
  const funding = fundChannel(receiver, 1n, deps)
  for (;;) {
    const step = await funding.next()
    if (step.done) return (await chain.channel(step.value.record.channelId)).balance
  }
}

/** Deposits and begins to take back, all in transactions of the payer's own. */
export async function depositAndTakeBack(config: ChannelConfig, amount: bigint): Promise<bigint> {
  const chain = createViemChain(chainNetwork)
  const payer = await opened.payer()
  await chain.faucet(payer.address, amount)
  const own = { ...config, payer: payer.address }
  await chain.deposit(own, amount, payer)
  await chain.initiateWithdraw(own, amount, payer)
  return (await chain.channel(channelIdOf(own, chainNetwork))).withdrawal?.amount ?? 0n
}

export function announce(script: WalletScript): void {
  wallet = announceWallet(script)
}

/** What the wallet asked since the last call. */
export function prompts(): string[] {
  return wallet.prompts.splice(0)
}

export function decline(declines: boolean): void {
  wallet.declines = declines
}

export function show(privateKey: `0x${string}`): void {
  wallet.show(privateKey)
}

/** Cuts the power at the n-th write to the database: it is lost with its transaction, and nothing comes after it. */
export function cutPowerAt(write: number): void {
  let writes = 0
  for (const method of ['put', 'add', 'delete', 'clear'] as const) {
    const original = IDBObjectStore.prototype[method] as (...args: unknown[]) => IDBRequest
    Object.assign(IDBObjectStore.prototype, {
      [method](this: IDBObjectStore, ...args: unknown[]) {
        if (++writes < write) return original.apply(this, args)
        this.transaction.abort()
        throw new Error('The power is gone.')
      },
    })
  }
}

/** Leaves an account as the first version of this page stored it, which knew one protection and did not name it. */
export async function storeFirstVersion(privateKey: Hex): Promise<void> {
  const wrappingKey = await generateWrappingKey()
  const lock = { protection: 'browser', wrappingKey } as const
  const { protection: _, ...record } = await sealKey(privateKey, 'wallet', lock, wrappingKey)
  const opening = indexedDB.open('opentab-keys', 1)
  opening.onupgradeneeded = () => opening.result.createObjectStore('accounts')
  const database = await settled(opening)
  await settled(database.transaction('accounts', 'readwrite').objectStore('accounts').add(record, 'wallet'))
  database.close()
}

/** Names of what is stored, by store. */
export async function stored(): Promise<Record<string, IDBValidKey[]>> {
  const database = await settled(indexedDB.open('opentab-keys'))
  const stores = [...database.objectStoreNames]
  const transaction = database.transaction(stores)
  const keys = await Promise.all(stores.map((name) => settled(transaction.objectStore(name).getAllKeys())))
  database.close()
  return Object.fromEntries(stores.map((name, index) => [name, keys[index] ?? []]))
}

/** What clearing the site's data does. */
export async function wipe(): Promise<void> {
  await settled(indexedDB.deleteDatabase('opentab-keys'))
}

function settled<result>(request: IDBRequest<result>): Promise<result> {
  const { promise, resolve, reject } = Promise.withResolvers<result>()
  request.onsuccess = () => resolve(request.result)
  request.onerror = () => reject(request.error)
  return promise
}
