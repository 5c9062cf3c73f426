import type { Connection, PeerId as LibPeerId, Stream } from '@libp2p/interface'
import { peerIdFromString } from '@libp2p/peer-id'
import type { PeerId } from '../domain/bytes.ts'
import { ProtocolError } from '../errors/index.ts'
import type { ProtocolSpec } from '../protocol/protocols.ts'
import { dialDirect } from './dial-direct.ts'
import { findDirect, isDirect } from './direct-connection.ts'
import type { TabNode } from './libp2p-node.ts'
import type { RelayKeeper } from './relay-keeper.ts'
import { abortedWait, streamReset, tooManyStreams, unansweredProtocol, unreachable } from './stream-errors.ts'
import { Watchers } from './watchers.ts'

/** A live link opens a stream in a few milliseconds; one whose tab is gone never does. */
const openTimeoutMs = 5_000
const probeTimeoutMs = 1_500

/** Until the other side, too, has finished the handshake that went through the relay. */
const introductionMs = 5_000

/** An idle stream whose end tells that the link is over: WebRTC itself takes sixteen seconds to say so. */
const linkProtocolId = '/opentab/link/1.0.0'

/** The direct links of a tab: one per peer, dialled when first needed and reused from then on. */
export class DirectLinks {
  readonly departures = new Watchers<PeerId>()
  readonly #node: TabNode
  readonly #keeper: RelayKeeper
  readonly #dials = new Map<PeerId, Promise<Connection>>()
  readonly #stopped: AbortSignal

  /** `stopped` ends all dials. */
  constructor(node: TabNode, keeper: RelayKeeper, stopped: AbortSignal) {
    this.#node = node
    this.#keeper = keeper
    this.#stopped = stopped
    node.addEventListener('connection:close', ({ detail: connection }) => this.#onClose(connection))
    void node.handle(linkProtocolId, watchLink, { maxInboundStreams: 1 })
  }

  /** Opens a stream, on a new link when the one there is turns out to be dead. */
  async openStream(peer: PeerId, protocol: ProtocolSpec, signal?: AbortSignal): Promise<Stream> {
    const existing = this.#find(peer)
    if (existing) {
      try {
        return await openOn(existing, protocol, signal)
      } catch (error) {
        if (error instanceof ProtocolError || signal?.aborted) throw error
        existing.abort(streamReset(error))
      }
    }
    return openOn(await withSignal(this.#dial(peer), signal), protocol, signal)
  }

  /** Cuts a link whose other end no longer answers; a link that does answer is left alone. */
  async probe(peer: PeerId): Promise<void> {
    const connection = this.#find(peer)
    if (!connection) return
    try {
      const signal = AbortSignal.timeout(probeTimeoutMs)
      await this.#node.services.ping.ping(connection.remotePeer, { signal })
    } catch (error) {
      connection.abort(streamReset(error))
    }
  }

  #dial(peer: PeerId): Promise<Connection> {
    const running = this.#dials.get(peer)
    if (running) return running
    const dial = dialDirect(this.#node, this.#keeper, peer, this.#stopped)
    this.#dials.set(peer, dial)
    const forget = () => void this.#dials.delete(peer)
    dial.then(openLinkStream, () => {}).then(forget)
    dial
      .then(({ remotePeer }) => setTimeout(() => this.#leaveRelay(remotePeer), introductionMs))
      .catch(() => {})
    return dial
  }

  /** The relayed connection has done its work: the relay need not keep it. */
  #leaveRelay(peerId: LibPeerId): void {
    if (this.#stopped.aborted) return
    const relayed = this.#node.getConnections(peerId).filter(({ limits }) => limits !== undefined)
    for (const connection of relayed) void connection.close().catch(() => {})
  }

  #find(peer: PeerId): Connection | undefined {
    return findDirect(this.#node.getConnections(parsePeerId(peer)))
  }

  #onClose(connection: Connection): void {
    if (!isDirect(connection) || this.#stopped.aborted) return
    const peer = connection.remotePeer.toString()
    if (!this.#find(peer)) this.departures.tell(peer)
  }
}

/** A tab that does not answer it is missed later, not less. */
async function openLinkStream(connection: Connection): Promise<void> {
  const signal = AbortSignal.timeout(openTimeoutMs)
  const stream = await connection.newStream(linkProtocolId, { signal }).catch(() => null)
  if (stream) watchLink(stream, connection)
}

function watchLink(stream: Stream, connection: Connection): void {
  if (!isDirect(connection)) return stream.abort(streamReset())
  stream.addEventListener('close', () => connection.abort(streamReset()))
}

function parsePeerId(peer: PeerId) {
  try {
    return peerIdFromString(peer)
  } catch (cause) {
    throw unreachable(cause)
  }
}

async function openOn(connection: Connection, protocol: ProtocolSpec, signal?: AbortSignal): Promise<Stream> {
  const timeout = AbortSignal.timeout(openTimeoutMs)
  try {
    return await connection.newStream(protocol.id, {
      signal: signal ? AbortSignal.any([signal, timeout]) : timeout,
    })
  } catch (cause) {
    const name = cause instanceof Error ? cause.name : ''
    if (signal?.aborted) throw abortedWait(signal)
    if (name === 'UnsupportedProtocolError') throw unansweredProtocol(protocol)
    if (name === 'TooManyOutboundProtocolStreamsError') throw tooManyStreams(cause)
    if (timeout.aborted) throw abortedWait(timeout)
    throw unreachable(cause)
  }
}

/** Waits for a shared promise for as long as one caller cares. */
function withSignal<value>(promise: Promise<value>, signal?: AbortSignal): Promise<value> {
  if (!signal) return promise
  const { promise: aborted, reject } = Promise.withResolvers<never>()
  const giveUp = () => reject(abortedWait(signal))
  if (signal.aborted) giveUp()
  signal.addEventListener('abort', giveUp, { once: true })
  return Promise.race([promise, aborted]).finally(() => signal.removeEventListener('abort', giveUp))
}
