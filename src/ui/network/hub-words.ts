import type { Hub } from '../../domain/hub.ts'
import { formatShare } from '../format.ts'

/** Returns one sentence on the relays that pass payments on, cheapest first, and on what they take. */
export function hubWords(hubs: readonly Hub[]): string {
  const shares = hubs.map(({ spreadMillionths }) => formatShare(spreadMillionths))
  const [least, most] = [shares[0], shares.at(-1)]
  const taken = least === most ? `${least}` : `${least} to ${most}`
  const who = hubs.length === 1 ? 'One relay passes' : `${hubs.length} relays pass`
  return `${who} payments on, so that both sides need few transactions; the price over a prompt includes ${taken} for that.`
}
