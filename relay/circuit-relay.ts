import { circuitRelayServer, type CircuitRelayService } from '@libp2p/circuit-relay-v2'
import { identify, type Identify } from '@libp2p/identify'
import type { Libp2p, PeerId, PrivateKey } from '@libp2p/interface'
import { noise } from '@libp2p/noise'
import { ping, type Ping } from '@libp2p/ping'
import { webSockets } from '@libp2p/websockets'
import { yamux } from '@libp2p/yamux'
import { createLibp2p } from 'libp2p'

/** A libp2p node that introduces tabs and reserves places for them. */
export type RelayNode = Libp2p<{ identify: Identify; ping: Ping; circuitRelay: CircuitRelayService }>

/** What a circuit relay is started with. */
export type CircuitRelayOptions = {
  privateKey: PrivateKey
  host: string
  port: number
  /** Addresses told to tabs in place of the ones listened on, such as a proxy's. */
  announce: string[]
  maxTabs: number
}

/**
 * A node that introduces tabs to one another. It keeps circuit relay v2's limits per connection (128 KiB, two
 * minutes): enough for the WebRTC handshake, too little for prompts. Not started.
 */
export async function createCircuitRelay(options: CircuitRelayOptions): Promise<RelayNode> {
  const { privateKey, host, port, announce, maxTabs } = options
  const family = host.includes(':') ? 'ip6' : 'ip4'
  const node: RelayNode = await createLibp2p({
    privateKey,
    start: false,
    addresses: { listen: [`/${family}/${host}/tcp/${port}/ws`], announce },
    transports: [webSockets()],
    connectionEncrypters: [noise()],
    streamMuxers: [yamux()],
    // Everyone behind one proxy is one host here; the proxy is where hosts are limited.
    connectionManager: {
      maxConnections: 2 * maxTabs,
      maxIncomingPendingConnections: 1_000,
      inboundConnectionThreshold: 1_000,
    },
    // Finds laptops that were closed, and leaves busy tabs in peace.
    connectionMonitor: { pingInterval: 30_000, pingTimeout: { minTimeout: 20_000 } },
    services: {
      identify: identify(),
      ping: ping(),
      circuitRelay: circuitRelayServer({
        reservations: { maxReservations: maxTabs },
        maxOutboundStopStreams: 10_000,
      }),
    },
  })
  dropReservationsOnDisconnect(node)
  forgetWhoLeft(node)
  return node
}

/** js-libp2p keeps the reservation of a tab that has left for two hours. */
function dropReservationsOnDisconnect(node: RelayNode): void {
  const { reservations } = node.services.circuitRelay
  node.addEventListener('peer:disconnect', ({ detail: peerId }) => {
    reservations.get(peerId)?.signal.clear()
    reservations.delete(peerId)
  })
}

/** js-libp2p keeps what it learned of a peer, in memory, for as long as it runs; some of it comes after the peer left. */
function forgetWhoLeft(node: RelayNode): void {
  const forget = (peerId: PeerId) => {
    if (node.getConnections(peerId).length === 0) void node.peerStore.delete(peerId).catch(() => {})
  }
  node.addEventListener('peer:disconnect', ({ detail: peerId }) => forget(peerId))
  node.addEventListener('peer:update', ({ detail: { peer } }) => forget(peer.id))
}
