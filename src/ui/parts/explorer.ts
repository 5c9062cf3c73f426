import type { Network } from '../../domain/network.ts'

/** Returns where a network's explorer shows a transaction or an account, or undefined where it has none. */
export function explorerLink(
  network: Pick<Network, 'explorerUrl'> | null,
  what: 'tx' | 'address',
  id: string,
): string | undefined {
  const base = network?.explorerUrl?.replace(/\/+$/, '')
  return base && `${base}/${what}/${id}`
}
