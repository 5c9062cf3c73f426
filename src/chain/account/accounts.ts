import type { LocalAccount, NewProtection, WalletAccount } from '../../domain/account.ts'
import { type Address, sameAddress } from '../../domain/bytes.ts'
import type { Network } from '../../domain/network.ts'
import { AccountError, ChainError } from '../../errors/index.ts'
import type { Accounts, AccountsView, Restorable } from '../../ports/accounts.ts'
import type { Clock } from '../../ports/clock.ts'
import type { Signer } from '../../ports/signer.ts'
import { refuseDevelopmentKey } from '../development-keys.ts'
import { createKeySigner } from '../key-signer.ts'
import { type AnnouncedWallet, type Wallets, discoverWallets } from './discover-wallets.ts'
import { HeldKeys } from './held-keys.ts'
import type { ChosenWallet } from './key-records.ts'
import {
  type NamedKey,
  firstAccount,
  listKeys,
  nameOf,
  noteBackup,
  readChoice,
  readKey,
  writeChoice,
} from './key-store.ts'
import { readKeystore, writeKeystore } from './keystore.ts'
import { ensureKey } from './local-account.ts'
import { parsePrivateKey } from './parse-private-key.ts'
import { clearUnfinished, replaceKey } from './replace-key.ts'
import { watchWalletAccount } from './watch-wallet-account.ts'
import { connectWallet, createWalletSigner } from './wallet-signer.ts'

/** The accounts in this browser's database, and the wallets that announce themselves to the page. */
class BrowserAccounts implements Accounts {
  #network: Network
  #clock: Pick<Clock, 'nowMs'>
  #wallets: Wallets
  #listeners = new Set<() => void>()
  #keys = new HeldKeys(() => this.#changed())
  /** The account that the wallet in use shows now, once it said so. */
  #shows: Address | null = null

  constructor(network: Network, clock: Pick<Clock, 'nowMs'>, wallets: Wallets) {
    this.#network = network
    this.#clock = clock
    this.#wallets = wallets
    wallets.watch(() => this.#changed())
    // Nothing depends on it: what is staged is never read as an account.
    clearUnfinished().catch(() => {})
  }

  async view(): Promise<AccountsView> {
    const [inUse, { wallet }, all] = [await this.#local(), await readChoice(), await listKeys()]
    const others = all.filter(({ name }) => name !== inUse.name)
    const kept = [inUse, ...others].map((key) => this.#describe(key))
    const { wanted } = this.#keys
    const waited = [inUse, ...others].find(({ name }) => name === wanted)
    return {
      local: this.#describe(inUse),
      wallet: wallet && this.#describeWallet(wallet),
      kept,
      wallets: this.#wallets.list().map(({ id, name, icon }) => ({ id, name, icon })),
      wanted: waited ? this.#describe(waited) : null,
    }
  }

  watch(onChange: () => void): () => void {
    this.#listeners.add(onChange)
    return () => this.#listeners.delete(onChange)
  }

  async payer(): Promise<Signer> {
    const { wallet } = await readChoice()
    if (!wallet) return this.earner()
    void this.#follow(wallet)
    return createWalletSigner(wallet.address, this.#network, () => this.#find(wallet))
  }

  async earner(): Promise<Signer> {
    const { name, record } = await this.#local()
    return this.#keys.signer(name, record.address)
  }

  async unlock(passphrase?: string): Promise<void> {
    await this.#keys.unlock(this.#keys.wanted ?? (await this.#local()).name, passphrase)
  }

  decline(): void {
    this.#keys.decline()
  }

  async lock(): Promise<void> {
    this.#keys.lock((await this.#local()).name)
  }

  async protect(protection: NewProtection): Promise<void> {
    const { name } = await this.#local()
    const privateKey = await this.#keys.key(name)
    const replaced = await readKey(name)
    await replaceKey(privateKey, name, protection, { replaced, backedUpAtMs: replaced?.backedUpAtMs })
    this.#changed()
  }

  async backUp(passphrase: string): Promise<string> {
    return writeKeystore(await this.#keys.key((await this.#local()).name), passphrase)
  }

  async noteBackup(): Promise<void> {
    await noteBackup((await this.#local()).name, this.#clock.nowMs())
    this.#changed()
  }

  async restore(from: Restorable): Promise<Address> {
    const isBackup = 'backup' in from
    const privateKey = isBackup
      ? await readKeystore(from.backup, from.passphrase)
      : parsePrivateKey(from.privateKey)
    refuseDevelopmentKey(privateKey, this.#network)
    const { address } = createKeySigner(privateKey)
    const name = await nameOf(address)
    await replaceKey(
      privateKey,
      name,
      { to: 'browser' },
      {
        replaced: null,
        choice: { account: name, wallet: null },
        backedUpAtMs: isBackup ? this.#clock.nowMs() : undefined,
      },
    )
    this.#changed()
    return address
  }

  async use(address: Address): Promise<void> {
    const kept = (await listKeys()).find(({ record }) => sameAddress(record.address, address))
    if (!kept) throw new AccountError('account/not-found', 'This browser keeps no such account.')
    await writeChoice(kept.name, null)
    this.#changed()
  }

  async connect(walletId: string): Promise<Address> {
    const wallet = await this.#find({ id: walletId, name: 'The wallet' })
    const address = await connectWallet(wallet, this.#network)
    const { name } = await this.#local()
    await writeChoice(name, { id: wallet.id, name: wallet.name, address })
    this.#changed()
    return address
  }

  /** The kept account in use; made at the first visit. */
  async #local(): Promise<NamedKey> {
    const { account } = await readChoice()
    const record = await readKey(account)
    if (record) return { name: account, record }
    return { name: firstAccount, record: await ensureKey(firstAccount) }
  }

  async #find({ id, name }: Pick<ChosenWallet, 'id' | 'name'>): Promise<AnnouncedWallet> {
    const found = await this.#wallets.find(id)
    if (found) return found
    throw new ChainError('chain/wallet-missing', `${name} is not here. Open this page where it is installed.`)
  }

  async #follow(chosen: ChosenWallet): Promise<void> {
    const found = await this.#wallets.find(chosen.id)
    if (!found) return
    watchWalletAccount(found, (address) => {
      this.#shows = address
      this.#changed()
    })
  }

  #describe({ name, record }: NamedKey): LocalAccount {
    const { address, protection, backedUpAtMs = null } = record
    return {
      address,
      protection,
      backedUpAtMs,
      isLocked: protection !== 'browser' && !this.#keys.isOpen(name),
    }
  }

  #describeWallet({ id, name, address }: ChosenWallet): WalletAccount {
    const here = this.#wallets.list().find((wallet) => wallet.id === id)
    const isOther = this.#shows !== null && !sameAddress(this.#shows, address)
    return {
      address,
      wallet: { id, name, icon: here?.icon ?? null },
      isHere: here !== undefined,
      shows: isOther ? this.#shows : null,
    }
  }

  #changed(): void {
    for (const listener of this.#listeners) listener()
  }
}

/** Returns this browser's accounts. Nothing is asked of anybody before something has to be signed. */
export function createAccounts(network: Network, clock: Pick<Clock, 'nowMs'>): Accounts {
  return new BrowserAccounts(network, clock, discoverWallets())
}
