import type { Libp2p } from '@libp2p/interface'
import type { PeerId } from '../domain/bytes.ts'
import { TransportError } from '../errors/index.ts'
import type { FrameStream } from '../ports/transport.ts'
import type { ProtocolSpec } from '../protocol/protocols.ts'
import { createFrameStream } from './frame-stream.ts'
import type { RelayKeeper } from './relay-keeper.ts'
import { streamReset } from './stream-errors.ts'

/** A tab's lines to its relays: what the directory runs over. */
export type RelayLinks = {
  /** Relays connected now. */
  connected(): PeerId[]
  /** Calls back with the relays connected after each change. Returns an unsubscribe. */
  watch(onChange: (connected: PeerId[]) => void): () => void
  /** @throws TransportError `transport/no-relay`, `transport/stream-reset` */
  open(relay: PeerId, protocol: ProtocolSpec, signal?: AbortSignal): Promise<FrameStream>
  /** Looks after a peer that a relay reports gone: a direct link that answers no more is cut. */
  suspect(peer: PeerId): void
}

/** Returns lines over the connections that the keeper holds. */
export function createRelayLinks(
  node: Libp2p,
  keeper: RelayKeeper,
  suspect: (peer: PeerId) => void,
): RelayLinks {
  return {
    connected: () => keeper.connected().map(({ peerId }) => peerId),
    watch: (onChange) => keeper.changes.add((relays) => onChange(relays.map(({ peerId }) => peerId))),
    async open(relay, protocol, signal) {
      const found = keeper.connected().find(({ peerId }) => peerId === relay)
      const connection = found && node.getConnections(found.libp2pId).find(({ status }) => status === 'open')
      if (!connection) throw new TransportError('transport/no-relay', 'The relay is not connected.')
      try {
        return createFrameStream(await connection.newStream(protocol.id, { signal }), relay, protocol)
      } catch (cause) {
        throw streamReset(cause)
      }
    },
    suspect,
  }
}
