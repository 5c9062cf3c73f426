import type { AccountsView } from '../../state/account.svelte.ts'
import { depositMicroUsd } from '../../state/exchange.svelte.ts'
import { formatUsd } from '../format.ts'

/** The most that is set aside at a time, which is less where the account holds less. */
export const mostSetAside = `up to ${formatUsd(depositMicroUsd)}`

/** Returns what the first send does with money and whom it asks; the latter is left out while nobody knows. */
export function firstSendWords(view: AccountsView | null): string {
  return `The first send sets ${mostSetAside} aside for this and later answers${whoIsAsked(view)}. You can take back what is left.`
}

function whoIsAsked(view: AccountsView | null): string {
  if (!view) return ''
  if (view.wallet) return `, and ${view.wallet.wallet.name} asks you for it`
  return view.local.isLocked ? ', once you unlock your account' : ', without asking'
}
