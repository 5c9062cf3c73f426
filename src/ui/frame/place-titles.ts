import type { Place } from '../../state/navigation.svelte.ts'

/** What each place is called. */
export const placeTitles: Record<Place, string> = {
  ask: 'Ask',
  share: 'Share',
  wallet: 'Wallet',
  network: 'Network',
}
