import { HubError, type PeerError, isHubErrorCode } from '../../errors/index.ts'

/** Returns a hub's refusal as an error of our own: its code where we know it, its words, and the peer's fault. */
export function hubRefusal({ code, shortMessage }: PeerError): HubError {
  const known = isHubErrorCode(code) ? code : 'hub/refused'
  return new HubError(known, shortMessage, { details: code, fault: 'peer' })
}
