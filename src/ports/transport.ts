import type { PeerId } from '../domain/bytes.ts'
import type { ProtocolSpec } from '../protocol/protocols.ts'

/** A two-way stream of whole frames to one peer. Every error is a `TransportError` or a `ProtocolError`. */
export interface FrameStream {
  readonly remotePeer: PeerId
  /** Returns the next frame, or null when the other side has finished writing. Reads at once are served in turn. */
  read(signal?: AbortSignal): Promise<Uint8Array | null>
  /** Resolves when the frame was accepted for sending; waits while the link is congested. */
  write(frame: Uint8Array): Promise<void>
  /** Finishes writing; reading goes on. */
  close(): Promise<void>
  /** Resets both directions at once. */
  abort(error: Error): void
}

/** Answers one stream, which is closed when it returns and reset when it throws. */
export type StreamHandler = (stream: FrameStream) => Promise<void>

/** How a protocol is answered. */
export type HandleOptions = {
  /** Streams from one peer at a time; more are reset. */
  maxStreamsPerPeer?: number
}

/** How well this tab is connected. */
export type TransportStatus = {
  /** Relays connected now. Streams to them can be opened as to any peer. */
  relays: PeerId[]
  /** Whether other tabs can dial this one. */
  reachable: boolean
}

/** Direct, encrypted links between tabs. A relay introduces them and carries no payload. */
export interface Transport {
  readonly peerId: PeerId
  /** Connects to the relays and goes on reconnecting. Resolves once one relay is connected; again is no harm. */
  start(signal?: AbortSignal): Promise<void>
  /** Leaves the network for good. */
  stop(): Promise<void>
  /**
   * Opens a stream over a direct link, dialling first where there is none.
   * @throws TransportError `transport/peer-unreachable`, `transport/not-direct`, `transport/timeout`
   */
  open(peer: PeerId, protocol: ProtocolSpec, signal?: AbortSignal): Promise<FrameStream>
  /** Answers a protocol. Returns a function that stops answering. */
  handle(protocol: ProtocolSpec, handler: StreamHandler, options?: HandleOptions): () => void
  status(): TransportStatus
  watchStatus(onChange: (status: TransportStatus) => void): () => void
  /** Calls back when a peer's last direct link is gone. Returns an unsubscribe. */
  watchDepartures(onDeparted: (peer: PeerId) => void): () => void
}
