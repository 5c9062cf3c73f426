import type { WalletOverview } from '../../state/wallet.svelte.ts'

/** Names the money of the account that earns: where another account pays, the balance that is shown is that one's. */
export function earnerBalance(overview: Pick<WalletOverview, 'payerMicroUsd'> | null): string {
  return (overview?.payerMicroUsd ?? null) === null ? 'your balance' : 'this browser’s account'
}
