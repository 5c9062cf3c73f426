import { type Address, type Hex, sameAddress } from '../../domain/bytes.ts'
import { AccountError, ChainError } from '../../errors/index.ts'
import type { Signer } from '../../ports/signer.ts'
import { createKeySigner } from '../key-signer.ts'
import type { KeyRecord } from './key-records.ts'
import { openKey } from './open-key.ts'
import { readKey } from './stored-keys.ts'

type Held = { privateKey: Hex; signer: Signer }
type Waiting = { name: string; opened: PromiseWithResolvers<Held> }

/** The keys that this tab has open. What is protected opens once and stays open until it is locked or the tab ends. */
export class HeldKeys {
  #held = new Map<string, Held>()
  #waiting: Waiting | null = null
  #onChange: () => void

  constructor(onChange: () => void) {
    this.#onChange = onChange
  }

  /** Name of the key that something waits for, or null. */
  get wanted(): string | null {
    return this.#waiting?.name ?? null
  }

  isOpen(name: string): boolean {
    return this.#held.has(name)
  }

  /** Returns a private key. One that is locked is waited for. */
  async key(name: string): Promise<Hex> {
    return (await this.#open(name)).privateKey
  }

  /** Returns a signer that opens its key when it first signs. */
  signer(name: string, address: Address): Signer {
    return {
      address,
      signTypedData: async (data) => (await this.#signerOf(name, address)).signTypedData(data),
      signTransaction: async (transaction) =>
        signTransaction(await this.#signerOf(name, address), transaction),
    }
  }

  /** Opens a key and lets everything go on that waits for it. */
  async unlock(name: string, passphrase?: string): Promise<void> {
    const held = await this.#read(name, passphrase)
    if (this.#waiting?.name === name) {
      this.#waiting.opened.resolve(held)
      this.#waiting = null
    }
    this.#onChange()
  }

  decline(): void {
    this.#waiting?.opened.reject(new ChainError('chain/user-rejected', 'The account stayed locked.'))
    this.#waiting = null
    this.#onChange()
  }

  lock(name: string): void {
    this.#held.delete(name)
    this.#onChange()
  }

  async #open(name: string): Promise<Held> {
    const held = this.#held.get(name)
    if (held) return held
    const { protection } = await storedKey(name)
    return protection === 'browser' ? this.#read(name) : this.#wait(name)
  }

  async #signerOf(name: string, address: Address): Promise<Signer> {
    const { signer } = await this.#open(name)
    // Somebody may have cleared the site's data in the meantime, and another account taken the name.
    return sameAddress(signer.address, address) ? signer : gone()
  }

  async #read(name: string, passphrase?: string): Promise<Held> {
    const privateKey = await openKey(await storedKey(name), name, passphrase)
    const held = { privateKey, signer: createKeySigner(privateKey) }
    this.#held.set(name, held)
    return held
  }

  #wait(name: string): Promise<Held> {
    this.#waiting ??= { name, opened: Promise.withResolvers<Held>() }
    this.#onChange()
    return this.#waiting.opened.promise
  }
}

async function storedKey(name: string): Promise<KeyRecord> {
  return (await readKey(name)) ?? gone()
}

function gone(): never {
  throw new AccountError('account/not-found', 'This account is no longer in this browser.')
}

function signTransaction(signer: Signer, transaction: Record<string, unknown>): Promise<Hex> {
  if (signer.signTransaction) return signer.signTransaction(transaction)
  throw new ChainError('chain/cannot-sign', 'This key cannot send transactions.')
}
