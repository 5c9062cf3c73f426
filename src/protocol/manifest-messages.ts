import * as v from 'valibot'
import { hexBytes, peerError } from './fields.ts'

/** Tab to tab: the first and only question on a stream. */
export const manifestRequestSchema = v.strictObject({ type: v.literal('manifest'), modelId: hexBytes(32) })

/** The answer. Whether it is that model's manifest, its id decides. */
export const manifestReplySchema = v.variant('type', [
  v.strictObject({ type: v.literal('manifest'), manifest: v.unknown() }),
  v.strictObject({ type: v.literal('refused'), error: peerError }),
])

/** A checked question for a manifest. */
export type ManifestRequest = v.InferOutput<typeof manifestRequestSchema>

/** A checked answer, its manifest unchecked. */
export type ManifestReply = v.InferOutput<typeof manifestReplySchema>
