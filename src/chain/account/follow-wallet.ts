import { type Address, type EIP1193Provider, getAddress, isAddress } from 'viem'
import type { WalletAccount } from '../../domain/account.ts'
import { sameAddress } from '../../domain/bytes.ts'
import type { Wallets } from './discover-wallets.ts'
import type { ChosenWallet } from './key-records.ts'

/** Describes the chosen wallet as it is now. */
export type DescribeWallet = (chosen: ChosenWallet) => WalletAccount

/** Listens to the chosen wallet, from when it is there, for the account that it shows. Asks nothing of the person. */
export function followWallet(wallets: Wallets, onChange: () => void): DescribeWallet {
  let followed: EIP1193Provider | null = null
  let shows: Address | null = null

  const take = (accounts: readonly unknown[]) => {
    const [first] = accounts
    shows = typeof first === 'string' && isAddress(first) ? getAddress(first) : null
    onChange()
  }

  const follow = (provider: EIP1193Provider) => {
    followed = provider
    // Not every wallet tells of changes, whatever its type says.
    provider.on?.('accountsChanged', take)
    provider.request({ method: 'eth_accounts' }).then(take, () => {})
  }

  return ({ id, name, address }) => {
    const here = wallets.list().find((wallet) => wallet.id === id)
    if (here && here.provider !== followed) follow(here.provider)
    return {
      address,
      wallet: { id, name, icon: here?.icon ?? null },
      isHere: here !== undefined,
      shows: shows !== null && !sameAddress(shows, address) ? shows : null,
    }
  }
}
