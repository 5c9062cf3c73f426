import { toHex } from 'viem'
import { mnemonicToAccount, privateKeyToAddress } from 'viem/accounts'
import type { Address, Hex } from '../domain/bytes.ts'
import { type Network, isLocalChain } from '../domain/network.ts'
import { ChainError } from '../errors/index.ts'

/** Mnemonics of development chains: anvil and hardhat, truffle and ganache. Their keys are everybody's. */
const mnemonics = [
  'test test test test test test test test test test test junk',
  'candy maple cake sugar pudding cream honey rich smooth crumble sweet treat',
]
const accountsPerMnemonic = 20
/** Keys that count up from one are tried by everybody who looks for money. */
const smallestRandomKey = 2n ** 64n

/** Whether a private key is one that everybody knows: of a development mnemonic, or a small number. */
export function isDevelopmentKey(privateKey: Hex): boolean {
  return BigInt(privateKey) < smallestRandomKey || isDevelopmentAccount(privateKeyToAddress(privateKey))
}

/** Whether an account belongs to a development mnemonic. */
export function isDevelopmentAccount(account: Address): boolean {
  developmentAccounts ??= new Set(mnemonics.flatMap(accountsOf))
  return developmentAccounts.has(account.toLowerCase())
}

/** Derived at first use: it takes a tenth of a second. */
let developmentAccounts: Set<string> | undefined

function accountsOf(mnemonic: string): string[] {
  const parent = mnemonicToAccount(mnemonic, { path: "m/44'/60'/0'/0" }).getHdKey()
  return Array.from({ length: accountsPerMnemonic }, (_, index) => {
    const { privateKey } = parent.deriveChild(index)
    return privateKey ? privateKeyToAddress(toHex(privateKey)).toLowerCase() : ''
  })
}

/**
 * Refuses a key that everybody knows wherever money is worth something.
 * @throws ChainError `chain/not-local` on every chain but the local one
 */
export function refuseDevelopmentKey(privateKey: Hex, network: Pick<Network, 'chainId' | 'name'>): void {
  if (isLocalChain(network) || !isDevelopmentKey(privateKey)) return
  throw new ChainError(
    'chain/not-local',
    `This is a development key that everybody knows. ${network.name} would lose its money to whoever asks first.`,
  )
}
