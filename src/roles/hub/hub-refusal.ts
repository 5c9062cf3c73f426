import { HubError, type PeerError, isHubErrorCode } from '../../errors/index.ts'

/**
 * Returns a hub's refusal as an error of our own: its code where we know it, its words, and the peer's fault. What it
 * has sent and not seen confirmed is no refusal: it may still happen, and only the chain can tell.
 */
export function hubRefusal({ code, shortMessage }: PeerError): HubError {
  if (code === 'chain/unconfirmed') return new HubError('hub/no-answer', shortMessage, { details: code })
  const known = isHubErrorCode(code) ? code : 'hub/refused'
  return new HubError(known, shortMessage, { details: code, fault: 'peer' })
}
