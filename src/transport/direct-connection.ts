import type { Connection } from '@libp2p/interface'

/** Whether a link goes from tab to tab: WebRTC, no relay in between, no relay's limits. */
export function isDirect(connection: Connection): boolean {
  return (
    connection.direct &&
    connection.limits === undefined &&
    connection.remoteAddr.toString().includes('/webrtc')
  )
}

/** Returns an open direct link among a peer's connections. */
export function findDirect(connections: Connection[]): Connection | undefined {
  return connections.find((connection) => connection.status === 'open' && isDirect(connection))
}
