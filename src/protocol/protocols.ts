import { limits } from './limits.ts'

/** A protocol's name and the largest frame it lets in. */
export type ProtocolSpec = {
  id: string
  maxFrameBytes: number
  /** Frames of the largest size that may wait for a reader before the stream is reset; four unless it says more. */
  maxUnreadFrames?: number
}

/** A job of any task, what comes of it, and the vouchers that pay for it. One stream is one job. */
export const inferProtocol: ProtocolSpec = { id: '/opentab/infer/1.0.0', maxFrameBytes: 256 * 1024 }

/** A tab's line to a relay's directory: publish and withdraw, and every change pushed back. */
export const directoryProtocol: ProtocolSpec = { id: '/opentab/directory/2.0.0', maxFrameBytes: 256 * 1024 }

/** A requester's line to a hub for one job: what it pays, chunk by chunk. */
export const hubPayProtocol: ProtocolSpec = { id: '/opentab/hub-pay/1.0.0', maxFrameBytes: 8 * 1024 }

/** A provider's line to a hub: jobs that are paid for, and their vouchers. */
export const hubEarnProtocol: ProtocolSpec = { id: '/opentab/hub-earn/1.0.0', maxFrameBytes: 8 * 1024 }

/** One question to a hub and its answer: terms, quotes, and what it sends to the chain for others. */
export const hubDeskProtocol: ProtocolSpec = { id: '/opentab/hub-desk/1.0.0', maxFrameBytes: 128 * 1024 }

/** One question to a relay and its answer: who holds a model, and that this tab holds some. */
export const holdersProtocol: ProtocolSpec = { id: '/opentab/holders/1.0.0', maxFrameBytes: 16 * 1024 }

/** One question to another tab and its answer: the manifest of a model that it lends. */
export const manifestProtocol: ProtocolSpec = {
  id: '/opentab/manifest/1.0.0',
  maxFrameBytes: limits.manifestBytes + limits.manifestEnvelopeBytes,
  maxUnreadFrames: 1,
}

/** Pieces of one model from one tab to another, as many frames ahead as the reader has given credit for. */
export const piecesProtocol: ProtocolSpec = {
  id: '/opentab/pieces/1.0.0',
  maxFrameBytes: 16 * 1024,
  maxUnreadFrames: 2 * limits.pieceFramesAhead,
}
