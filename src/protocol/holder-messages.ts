import * as v from 'valibot'
import { count, hexBytes, peerError, peerId } from './fields.ts'
import { limits } from './limits.ts'

/** Tab to relay. An announcement takes the place of the tab's earlier one; an empty one takes it back. */
export const holderRequestSchema = v.variant('type', [
  v.strictObject({
    type: v.literal('announce'),
    models: v.pipe(v.array(hexBytes(32)), v.maxLength(limits.modelsPerHolder)),
  }),
  v.strictObject({ type: v.literal('find'), modelId: hexBytes(32) }),
])

/** Relay to tab: one answer to each request. */
export const holderAnswerSchema = v.variant('type', [
  v.strictObject({ type: v.literal('announced') }),
  v.strictObject({
    type: v.literal('holders'),
    /** Some of them, in no order. */
    peers: v.pipe(v.array(peerId), v.maxLength(limits.holdersPerAnswer)),
    /** How many there are. */
    count: count(10_000_000),
  }),
  v.strictObject({ type: v.literal('refused'), error: peerError }),
])

/** A checked frame from a tab to a relay. */
export type HolderRequest = v.InferOutput<typeof holderRequestSchema>

/** A checked frame from a relay to a tab. */
export type HolderAnswer = v.InferOutput<typeof holderAnswerSchema>
