import type { Connection, Stream } from '@libp2p/interface'
import type { PeerId } from '../domain/bytes.ts'
import { TransportError } from '../errors/index.ts'
import type {
  FrameStream,
  HandleOptions,
  StreamHandler,
  Transport,
  TransportStatus,
} from '../ports/transport.ts'
import type { ProtocolSpec } from '../protocol/protocols.ts'
import { answerStream } from './answer-stream.ts'
import { isDirect } from './direct-connection.ts'
import { DirectLinks } from './direct-links.ts'
import { createFrameStream } from './frame-stream.ts'
import { createTabNode, type TabNode } from './libp2p-node.ts'
import { nextTask } from './next-task.ts'
import { generatePeerKey, parsePeerKey } from './peer-identity.ts'
import { parseRelay, RelayKeeper, type Relay } from './relay-keeper.ts'
import { createRelayLinks, type RelayLinks } from './relay-links.ts'
import { abortedWait, offline, unreachable } from './stream-errors.ts'
import { defaultStreamsPerPeer } from './stream-limits.ts'
import { StreamQuota } from './stream-quota.ts'
import { Watchers } from './watchers.ts'

/** What a page gives its transport. */
export type Libp2pTransportOptions = {
  /** Multiaddrs of relays, each ending in `/p2p/` and the relay's peer id. */
  relays: string[]
  /** Peer key as `generatePeerKey` gives it; without one the tab has a new id each time. */
  privateKey?: Uint8Array
  iceServers?: RTCIceServer[]
  /** Lets relays on private addresses and without TLS be dialled. */
  development?: boolean
}

/** A transport whose relays the directory can talk to. */
export type Libp2pTransport = Transport & { readonly relays: RelayLinks }

/** Returns the transport of a page. It touches the network only once it is started. */
export async function createLibp2pTransport(options: Libp2pTransportOptions): Promise<Libp2pTransport> {
  const relays = options.relays.map(parseRelay)
  const privateKey = parsePeerKey(options.privateKey ?? (await generatePeerKey()))
  await nextTask()
  const node = await createTabNode({
    privateKey,
    relayCount: relays.length,
    iceServers: options.iceServers ?? [],
    development: options.development ?? false,
  })
  return new TabTransport(node, relays)
}

class TabTransport implements Libp2pTransport {
  readonly peerId: PeerId
  readonly relays: RelayLinks
  readonly #node: TabNode
  readonly #keeper: RelayKeeper
  readonly #links: DirectLinks
  readonly #statusWatchers = new Watchers<TransportStatus>()
  readonly #handlers = new Map<string, StreamHandler>()
  #toldStatus = ''
  #starting: Promise<void> | null = null
  readonly #stopped = new AbortController()

  constructor(node: TabNode, relays: Relay[]) {
    this.peerId = node.peerId.toString()
    this.#node = node
    this.#keeper = new RelayKeeper(node, relays)
    this.#links = new DirectLinks(node, this.#keeper, this.#stopped.signal)
    this.relays = createRelayLinks(node, this.#keeper, (peer) => void this.#links.probe(peer))
    // A relay's reservation shows here first; libp2p's own peer update comes a second later, or never.
    node.addEventListener('transport:listening', () => this.#tellStatus())
    this.#keeper.changes.add(() => this.#tellStatus())
  }

  async start(signal?: AbortSignal): Promise<void> {
    if (this.#stopped.signal.aborted) throw offline()
    if (signal?.aborted) throw abortedWait(signal)
    if (this.#keeper.relays.length === 0) {
      throw new TransportError('transport/no-relay', 'No relay is configured.', { retryable: false })
    }
    this.#starting ??= this.#startNode()
    await this.#starting
    this.#keeper.start()
    await this.#keeper.untilConnected(signal)
  }

  async #startNode(): Promise<void> {
    await nextTask()
    await this.#node.start()
    await nextTask()
  }

  async stop(): Promise<void> {
    if (this.#stopped.signal.aborted) return
    this.#stopped.abort(offline())
    this.#keeper.stop()
    // At once, while the page still lives: the other tabs hear of it now rather than in sixteen seconds.
    for (const connection of this.#node.getConnections()) connection.abort(this.#stopped.signal.reason)
    await this.#starting
    await this.#node.stop()
    this.#tellStatus()
  }

  async open(peer: PeerId, protocol: ProtocolSpec, signal?: AbortSignal): Promise<FrameStream> {
    if (!this.#starting || this.#stopped.signal.aborted) throw offline()
    if (signal?.aborted) throw abortedWait(signal)
    if (peer === this.peerId) throw unreachable()
    if (this.relays.connected().includes(peer)) return this.relays.open(peer, protocol, signal)
    return createFrameStream(await this.#links.openStream(peer, protocol, signal), peer, protocol)
  }

  handle(protocol: ProtocolSpec, handler: StreamHandler, options: HandleOptions = {}): () => void {
    const quota = new StreamQuota(options.maxStreamsPerPeer ?? defaultStreamsPerPeer)
    const onStream = (stream: Stream, connection: Connection) => {
      answerDirect(stream, connection, protocol, handler, quota)
    }
    this.#handlers.set(protocol.id, handler)
    void this.#node.handle(protocol.id, onStream, { force: true, maxInboundStreams: 256 })
    return () => {
      if (this.#handlers.get(protocol.id) !== handler) return
      this.#handlers.delete(protocol.id)
      void this.#node.unhandle(protocol.id)
    }
  }

  status(): TransportStatus {
    const reachable = this.#node
      .getMultiaddrs()
      .some((address) => address.toString().includes('/p2p-circuit'))
    return { relays: this.relays.connected(), reachable: reachable && !this.#stopped.signal.aborted }
  }

  watchStatus(onChange: (status: TransportStatus) => void): () => void {
    return this.#statusWatchers.add(onChange)
  }

  watchDepartures(onDeparted: (peer: PeerId) => void): () => void {
    return this.#links.departures.add(onDeparted)
  }

  #tellStatus(): void {
    const status = this.status()
    const text = JSON.stringify(status)
    if (text === this.#toldStatus) return
    this.#toldStatus = text
    this.#statusWatchers.tell(status)
  }
}

/** Answers a stream that came over a direct link; one that came through a relay is reset unread. */
function answerDirect(
  stream: Stream,
  connection: Connection,
  protocol: ProtocolSpec,
  handler: StreamHandler,
  quota: StreamQuota,
): void {
  const peer = connection.remotePeer.toString()
  if (!isDirect(connection) || !quota.take(peer)) {
    stream.abort(new TransportError('transport/stream-reset', 'The stream was refused.'))
    return
  }
  const frames = createFrameStream(stream, peer, protocol)
  void answerStream(frames, handler, () => quota.free(peer))
}
