import type { PeerId } from '../domain/bytes.ts'
import type {
  FrameStream,
  HandleOptions,
  StreamHandler,
  Transport,
  TransportStatus,
} from '../ports/transport.ts'
import type { ProtocolSpec } from '../protocol/protocols.ts'
import { answerStream } from './answer-stream.ts'
import { memoryStreamPair, type Carry } from './memory-stream.ts'
import { defaultStreamsPerPeer } from './stream-limits.ts'
import {
  abortedWait,
  noRelay,
  offline,
  streamReset,
  unansweredProtocol,
  unreachable,
} from './stream-errors.ts'
import { Watchers } from './watchers.ts'

/** Peer id of a memory network's relay; whoever joins by it answers as the relay. */
export const memoryRelay: PeerId = 'memory-relay'

/** What a tab sees of the network it is in. */
export type MemoryWires = {
  relayUp(): boolean
  /** The tab of that id, if it lives and has started. */
  find(peer: PeerId): MemoryTransport | undefined
  delay(): Promise<void>
  /** Tells the relay's directory that a tab has left. */
  left(peer: PeerId): void
  /** A fresh ordered way from one tab to another. */
  carry(): Carry
}

type Handled = { handler: StreamHandler; maxStreamsPerPeer: number }

/** A tab's transport without a network: the same port, limits and errors. */
export class MemoryTransport implements Transport {
  readonly peerId: PeerId
  readonly links = new Set<MemoryTransport>()
  readonly #wires: MemoryWires
  readonly #handlers = new Map<string, Handled>()
  readonly #streams = new Map<FrameStream, string>()
  readonly #statusWatchers = new Watchers<TransportStatus>()
  readonly #departureWatchers = new Watchers<PeerId>()
  #stopped = false
  started = false

  constructor(peerId: PeerId, wires: MemoryWires) {
    this.peerId = peerId
    this.#wires = wires
  }

  async start(signal?: AbortSignal): Promise<void> {
    if (this.#stopped) throw offline()
    if (signal?.aborted) throw abortedWait(signal)
    if (!this.#wires.relayUp()) throw noRelay()
    this.started = true
    this.tellStatus()
  }

  async stop(): Promise<void> {
    this.#stopped = true
    if (!this.started) return
    this.started = false
    for (const peer of this.links) peer.unlink(this)
    this.#breakStreams(() => true)
    this.links.clear()
    this.#wires.left(this.peerId)
    this.tellStatus()
  }

  async open(peer: PeerId, protocol: ProtocolSpec, signal?: AbortSignal): Promise<FrameStream> {
    if (!this.started) throw offline()
    await this.#wires.delay()
    if (signal?.aborted) throw abortedWait(signal)
    const remote = this.#wires.find(peer)
    if (!remote || remote === this) throw unreachable()
    if (!this.links.has(remote)) this.#link(remote)
    return this.#openStream(remote, protocol)
  }

  handle(protocol: ProtocolSpec, handler: StreamHandler, options: HandleOptions = {}): () => void {
    const handled = { handler, maxStreamsPerPeer: options.maxStreamsPerPeer ?? defaultStreamsPerPeer }
    this.#handlers.set(protocol.id, handled)
    return () => {
      if (this.#handlers.get(protocol.id) === handled) this.#handlers.delete(protocol.id)
    }
  }

  status(): TransportStatus {
    const online = this.started && this.#wires.relayUp()
    return { relays: online ? [memoryRelay] : [], reachable: online }
  }

  watchStatus(onChange: (status: TransportStatus) => void): () => void {
    return this.#statusWatchers.add(onChange)
  }

  watchDepartures(onDeparted: (peer: PeerId) => void): () => void {
    return this.#departureWatchers.add(onDeparted)
  }

  tellStatus(): void {
    this.#statusWatchers.tell(this.status())
  }

  /** The other tab is gone: what was open to it breaks. */
  unlink(peer: MemoryTransport): void {
    if (!this.links.delete(peer)) return
    this.#breakStreams((stream) => stream.remotePeer === peer.peerId)
    this.#departureWatchers.tell(peer.peerId)
  }

  #link(remote: MemoryTransport): void {
    if (!this.#wires.relayUp()) throw noRelay()
    this.links.add(remote)
    remote.links.add(this)
  }

  #openStream(remote: MemoryTransport, protocol: ProtocolSpec): FrameStream {
    const handled = remote.#handlers.get(protocol.id)
    if (!handled) throw unansweredProtocol(protocol)
    const [here, there] = memoryStreamPair(protocol, this.peerId, remote.peerId, this.#wires.carry, () => {
      this.#streams.delete(here)
      remote.#streams.delete(there)
    })
    const openNow = remote.#countStreams(this.peerId, protocol.id)
    this.#streams.set(here, protocol.id)
    remote.#streams.set(there, protocol.id)
    if (openNow >= handled.maxStreamsPerPeer) there.abort(streamReset())
    else void answerStream(there, handled.handler)
    return here
  }

  #countStreams(peer: PeerId, protocolId: string): number {
    return [...this.#streams].filter(([stream, id]) => stream.remotePeer === peer && id === protocolId).length
  }

  #breakStreams(matches: (stream: FrameStream) => boolean): void {
    for (const stream of [...this.#streams.keys()].filter(matches)) stream.abort(streamReset())
  }
}
