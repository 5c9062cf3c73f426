import { type Address, getAddress, isAddress } from 'viem'
import type { AnnouncedWallet } from './discover-wallets.ts'

/** Calls back with the account that a wallet shows whenever the person chooses another there. */
export function watchWalletAccount(
  { provider }: AnnouncedWallet,
  onAccount: (address: Address) => void,
): void {
  // Not every wallet tells of changes, whatever its type says.
  provider.on?.('accountsChanged', ([first]) => {
    if (first !== undefined && isAddress(first)) onAccount(getAddress(first))
  })
}
