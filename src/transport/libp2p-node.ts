import { circuitRelayTransport } from '@libp2p/circuit-relay-v2'
import { identify } from '@libp2p/identify'
import type { Libp2p, PrivateKey } from '@libp2p/interface'
import { noise } from '@libp2p/noise'
import { ping, type Ping } from '@libp2p/ping'
import { webRTC } from '@libp2p/webrtc'
import { webSockets } from '@libp2p/websockets'
import { yamux } from '@libp2p/yamux'
import { createLibp2p } from 'libp2p'
import { cureDataChannelRace } from './webrtc-race.ts'

/** A tab's libp2p node with the services that are used. */
export type TabNode = Libp2p<{ identify: ReturnType<ReturnType<typeof identify>>; ping: Ping }>

/** What a tab's node is made of. */
export type TabNodeOptions = {
  privateKey: PrivateKey
  relayCount: number
  iceServers: RTCIceServer[]
  /** Lets relays on private addresses and without TLS be dialled. */
  development: boolean
}

/** A libp2p node for a page: it listens through relays and speaks WebRTC. Not started. */
export async function createTabNode(options: TabNodeOptions): Promise<TabNode> {
  cureDataChannelRace(globalThis.RTCPeerConnection)
  return createLibp2p({
    privateKey: options.privateKey,
    start: false,
    // One search for a relay per `/p2p-circuit`; a relay named here would never be reserved again after a restart.
    addresses: { listen: [...Array.from({ length: options.relayCount }, () => '/p2p-circuit'), '/webrtc'] },
    transports: [
      webSockets(),
      webRTC({ rtcConfiguration: { iceServers: options.iceServers } }),
      circuitRelayTransport(),
    ],
    connectionEncrypters: [noise()],
    streamMuxers: [yamux()],
    connectionGater: options.development ? { denyDialMultiaddr: () => false } : {},
    // A link under bulk load or behind a busy main thread answers late and is not dead.
    connectionMonitor: { abortConnectionOnPingFailure: false },
    // Chromium stops at 500 peer connections, those included that it has yet to collect.
    connectionManager: {
      maxConnections: 400,
      inboundConnectionThreshold: 50,
      maxIncomingPendingConnections: 50,
    },
    services: { identify: identify(), ping: ping() },
  })
}
