import * as v from 'valibot'
import type { Hex } from '../domain/bytes.ts'
import { ProtocolError } from '../errors/index.ts'
import { count, hexBytes, peerError } from './fields.ts'
import { encodeFrame, parseFrame } from './frame-codec.ts'
import { limits } from './limits.ts'

const piece = count(limits.piecesPerModel - 1)

/** Reader to lender. `open` comes first; each `credit` lets so many more frames of bytes come. */
export const readerFrameSchema = v.variant('type', [
  v.strictObject({
    type: v.literal('open'),
    modelId: hexBytes(32),
    pieces: v.pipe(count(limits.piecesPerModel), v.minValue(1)),
  }),
  v.strictObject({ type: v.literal('want'), piece }),
  v.strictObject({
    type: v.literal('credit'),
    frames: v.pipe(count(limits.pieceFramesAhead), v.minValue(1)),
  }),
])

/**
 * Lender to reader, frames of bytes between them. `have` or `refused` comes first; wanted pieces come one after the
 * other in the order they were asked for, each ended by `done`, or are `absent`.
 */
export const lenderFrameSchema = v.variant('type', [
  v.strictObject({
    type: v.literal('have'),
    bitmap: v.pipe(
      v.string(),
      v.regex(/^0x([0-9a-f]{2})+$/),
      v.maxLength(2 + limits.piecesPerModel / 4),
      v.transform((text) => text as Hex),
    ),
  }),
  v.strictObject({
    type: v.literal('gained'),
    pieces: v.pipe(v.array(piece), v.minLength(1), v.maxLength(limits.gainsPerFrame)),
  }),
  v.strictObject({ type: v.literal('done'), piece }),
  v.strictObject({ type: v.literal('absent'), piece }),
  /** An answer goes first: bytes wait until `resumed`. */
  v.strictObject({ type: v.literal('paused') }),
  v.strictObject({ type: v.literal('resumed') }),
  v.strictObject({ type: v.literal('refused'), error: peerError }),
])

/** A checked frame from the tab that reads. */
export type ReaderFrame = v.InferOutput<typeof readerFrameSchema>

/** A checked frame from the tab that lends. */
export type LenderFrame = v.InferOutput<typeof lenderFrameSchema> | PieceBytes

/** The next bytes of the piece that is being sent. */
export type PieceBytes = { type: 'bytes'; bytes: Uint8Array }

/** No JSON begins with it. */
const bytesTag = 0

/** Returns the bytes of one frame from a lender: a tag and a part of a piece, or JSON. */
export function encodeLenderFrame(frame: LenderFrame): Uint8Array {
  if (frame.type !== 'bytes') return encodeFrame(frame)
  const tagged = new Uint8Array(1 + frame.bytes.byteLength)
  tagged[0] = bytesTag
  tagged.set(frame.bytes, 1)
  return tagged
}

/** @throws ProtocolError `protocol/malformed` for anything that is not allowed */
export function parseLenderFrame(frame: Uint8Array): LenderFrame {
  if (frame[0] !== bytesTag) return parseFrame(lenderFrameSchema, frame)
  const bytes = frame.subarray(1)
  if (bytes.byteLength > 0 && bytes.byteLength <= limits.pieceBytesPerFrame) return { type: 'bytes', bytes }
  throw new ProtocolError('protocol/malformed', 'The other side sent a part of a piece of a wrong size.')
}
