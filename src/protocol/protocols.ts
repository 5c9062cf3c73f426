/** A protocol's name and the largest frame it lets in. */
export type ProtocolSpec = { id: string; maxFrameBytes: number }

/** A prompt, its answer, and the vouchers that pay for it. One stream is one job. */
export const inferProtocol: ProtocolSpec = { id: '/opentab/infer/1.0.0', maxFrameBytes: 256 * 1024 }

/** A tab's line to a relay's directory: publish and withdraw, and every change pushed back. */
export const directoryProtocol: ProtocolSpec = { id: '/opentab/directory/1.0.0', maxFrameBytes: 256 * 1024 }
