import type { LocalAccount, NewProtection } from '../../domain/account.ts'
import { type Address, sameAddress } from '../../domain/bytes.ts'
import type { Network } from '../../domain/network.ts'
import { AccountError, ChainError } from '../../errors/index.ts'
import type { Accounts, AccountsView, Restorable } from '../../ports/accounts.ts'
import type { Clock } from '../../ports/clock.ts'
import type { Signer } from '../../ports/signer.ts'
import { refuseDevelopmentAccount, refuseDevelopmentKey } from '../development-keys.ts'
import { createKeySigner } from '../key-signer.ts'
import { type AnnouncedWallet, type Wallets, discoverWallets } from './discover-wallets.ts'
import { type DescribeWallet, followWallet } from './follow-wallet.ts'
import { HeldKeys } from './held-keys.ts'
import type { Choice, ChosenWallet } from './key-records.ts'
import { readKeystore, writeKeystore } from './keystore.ts'
import { ensureKey } from './local-account.ts'
import { parsePrivateKey } from './parse-private-key.ts'
import { clearUnfinished, replaceKey } from './replace-key.ts'
import {
  type NamedKey,
  firstAccount,
  isSameChoice,
  listKeys,
  nameOf,
  noteBackup,
  readChoice,
  readKey,
  writeChoice,
} from './stored-keys.ts'
import { connectWallet, createWalletSigner } from './wallet-signer.ts'

/** The accounts in this browser's database, and the wallets that announce themselves to the page. */
class BrowserAccounts implements Accounts {
  #network: Network
  #clock: Pick<Clock, 'nowMs'>
  #wallets: Wallets
  #listeners = new Set<() => void>()
  #keys: HeldKeys
  #describeWallet: DescribeWallet
  #otherTabs = new BroadcastChannel('opentab-accounts')
  /** What was in use when this tab opened. Another tab's choice takes effect when this one is opened anew. */
  #choice: Promise<Choice> | null = null

  constructor(network: Network, clock: Pick<Clock, 'nowMs'>, wallets: Wallets) {
    this.#network = network
    this.#clock = clock
    this.#wallets = wallets
    const onChange = () => this.#changed()
    this.#keys = new HeldKeys(onChange)
    this.#describeWallet = followWallet(wallets, onChange)
    wallets.watch(onChange)
    this.#otherTabs.onmessage = onChange
    // Nothing depends on it: what is staged is never read as an account.
    clearUnfinished().catch(() => {})
  }

  async view(): Promise<AccountsView> {
    const [inUse, choice, all] = [await this.#local(), await this.#chosen(), await listKeys()]
    const keys = [inUse, ...all.filter(({ name }) => name !== inUse.name)]
    const wanted = keys.find(({ name }) => name === this.#keys.wanted)
    return {
      local: this.#describe(inUse),
      wallet: choice.wallet && this.#describeWallet(choice.wallet),
      kept: keys.map((key) => this.#describe(key)),
      wallets: this.#wallets.list().map(({ id, name, icon }) => ({ id, name, icon })),
      wanted: wanted ? this.#describe(wanted) : null,
      isChangedElsewhere: !isSameChoice(choice, await readChoice()),
    }
  }

  watch(onChange: () => void): () => void {
    this.#listeners.add(onChange)
    return () => this.#listeners.delete(onChange)
  }

  async payer(): Promise<Signer> {
    const { wallet } = await this.#chosen()
    if (!wallet) return this.earner()
    refuseDevelopmentAccount(wallet.address, this.#network)
    return createWalletSigner(wallet.address, this.#network, () => this.#find(wallet))
  }

  async earner(): Promise<Signer> {
    const { name, record } = await this.#local()
    // It may have been kept on the local chain, or before such keys were refused.
    refuseDevelopmentAccount(record.address, this.#network)
    // What needs no unlocking is opened now, so that it signs on if somebody clears the site's data.
    if (record.protection === 'browser') await this.#keys.key(name)
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
    await replaceKey(privateKey, name, protection, {
      replaced,
      backedUpAtMs: replaced?.backedUpAtMs,
    })
    this.#tell()
  }

  async backUp(passphrase: string): Promise<string> {
    return writeKeystore(await this.#keys.key((await this.#local()).name), passphrase)
  }

  async noteBackup(): Promise<void> {
    await noteBackup((await this.#local()).name, this.#clock.nowMs())
    this.#tell()
  }

  async restore(from: Restorable): Promise<Address> {
    const isBackup = 'backup' in from
    const privateKey = isBackup
      ? await readKeystore(from.backup, from.passphrase)
      : parsePrivateKey(from.privateKey)
    refuseDevelopmentKey(privateKey, this.#network)
    const { address } = createKeySigner(privateKey)
    const name = await nameOf(address)
    const choice = { account: name, wallet: null }
    const backedUpAtMs = isBackup ? this.#clock.nowMs() : undefined
    await replaceKey(privateKey, name, { to: 'browser' }, { replaced: null, choice, backedUpAtMs })
    this.#switched()
    return address
  }

  async use(address: Address): Promise<void> {
    const kept = (await listKeys()).find(({ record }) => sameAddress(record.address, address))
    if (!kept) throw new AccountError('account/not-found', 'This browser keeps no such account.')
    refuseDevelopmentAccount(kept.record.address, this.#network)
    await writeChoice({ account: kept.name, wallet: null })
    this.#switched()
  }

  async connect(walletId: string): Promise<Address> {
    const wallet = await this.#find({ id: walletId, name: 'The wallet' })
    const address = await connectWallet(wallet, this.#network)
    refuseDevelopmentAccount(address, this.#network)
    const { name } = await this.#local()
    await writeChoice({ account: name, wallet: { id: wallet.id, name: wallet.name, address } })
    this.#switched()
    return address
  }

  #chosen(): Promise<Choice> {
    this.#choice ??= readChoice()
    return this.#choice
  }

  /** The kept account in use; made at the first visit. */
  async #local(): Promise<NamedKey> {
    const { account } = await this.#chosen()
    const record = await readKey(account)
    if (record) return { name: account, record }
    return { name: firstAccount, record: await ensureKey(firstAccount) }
  }

  async #find({ id, name }: Pick<ChosenWallet, 'id' | 'name'>): Promise<AnnouncedWallet> {
    const found = await this.#wallets.find(id)
    if (found) return found
    throw new ChainError('chain/wallet-missing', `${name} is not here. Open this page where it is installed.`)
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

  #switched(): void {
    this.#choice = null
    this.#tell()
  }

  /** What is stored has changed: other tabs show it too. */
  #tell(): void {
    this.#otherTabs.postMessage(null)
    this.#changed()
  }

  #changed(): void {
    for (const listener of this.#listeners) listener()
  }
}

/** Returns this browser's accounts. Nothing is asked of anybody before something has to be signed. */
export function createAccounts(network: Network, clock: Pick<Clock, 'nowMs'>): Accounts {
  return new BrowserAccounts(network, clock, discoverWallets())
}
