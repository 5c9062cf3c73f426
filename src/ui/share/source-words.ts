import type { BytesFrom } from '../../state/sharing.svelte.ts'
import { plural } from '../format.ts'

/** Returns where a model's bytes come from, for the person who waits for them. */
export function describeSource(from: BytesFrom | null): string {
  if (from === null) return ''
  if (from.kind === 'site') return 'from this site'
  if (from.kind === 'mirror') return `from ${from.host}`
  return from.tabs === 0 ? 'looking for tabs that have it' : `from ${plural(from.tabs, 'tab')}`
}
