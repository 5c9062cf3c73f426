import { privateKeyToAddress } from 'viem/accounts'
import type { Address, Hex } from '../domain/bytes.ts'
import { type Network, isLocalChain } from '../domain/network.ts'
import { ChainError } from '../errors/index.ts'
import { developmentAccounts } from './development-accounts.ts'

/** Keys that count up from one are tried by everybody who looks for money. */
const smallestRandomKey = 2n ** 64n

/** Whether a private key is one that everybody knows: of a development mnemonic, or a small number. */
export function isDevelopmentKey(privateKey: Hex): boolean {
  return BigInt(privateKey) < smallestRandomKey || isDevelopmentAccount(privateKeyToAddress(privateKey))
}

function isDevelopmentAccount(account: Address): boolean {
  return developmentAccounts.has(account.toLowerCase())
}

/**
 * Refuses a key that everybody knows wherever money is worth something.
 * @throws ChainError `chain/not-local` on every chain but the local one
 */
export function refuseDevelopmentKey(privateKey: Hex, network: Pick<Network, 'chainId' | 'name'>): void {
  if (!isLocalChain(network) && isDevelopmentKey(privateKey)) throw notLocal('key', network)
}

/**
 * Refuses an account whose key everybody knows, wherever money is worth something.
 * @throws ChainError `chain/not-local` on every chain but the local one
 */
export function refuseDevelopmentAccount(account: Address, network: Pick<Network, 'chainId' | 'name'>): void {
  if (!isLocalChain(network) && isDevelopmentAccount(account)) throw notLocal('account', network)
}

function notLocal(what: 'key' | 'account', { name }: Pick<Network, 'name'>): ChainError {
  return new ChainError(
    'chain/not-local',
    `This is a development ${what} that everybody knows. ${name} would lose its money to whoever asks first.`,
  )
}
