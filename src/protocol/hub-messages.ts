import * as v from 'valibot'
import type {
  ClaimAuthorization,
  DepositAuthorization,
  TransferAuthorization,
} from '../domain/authorization.ts'
import type { Hex } from '../domain/bytes.ts'
import type { HubTerms } from '../domain/hub.ts'
import { address, amount, count, hexBytes, peerError, peerId, signature } from './fields.ts'
import { channelConfigSchema, voucherSchema } from './infer-messages.ts'
import { limits } from './limits.ts'
import { hubSchema } from './offer-messages.ts'

const seconds = count(0xffffffffff)
const refused = v.strictObject({ type: v.literal('refused'), error: peerError })

/** Requester to hub, on a line for one job. `open` comes first and may come again on a new line; then payments. */
export const hubPayRequestSchema = v.variant('type', [
  v.strictObject({
    type: v.literal('open'),
    jobId: hexBytes(32),
    provider: address,
    /** Which of the provider's tabs answers; the newest at the hub, where none is named. */
    tab: v.optional(peerId),
    /** Listing whose royalty the offer promises to pay: the channel that pays the provider must name it. */
    listingId: v.nullable(hexBytes(32)),
    ceilingMicroUsd: amount,
    spreadMillionths: count(1_000_000),
    channel: channelConfigSchema,
    /** Session key's EIP-712 signature of the `HubJob`. */
    signature,
  }),
  v.strictObject({
    type: v.literal('pay'),
    /** What the provider has charged for the job so far; the spread is on top. */
    chargeMicroUsd: amount,
    voucher: voucherSchema,
  }),
])

/** Hub to requester. */
export const hubPayReplySchema = v.variant('type', [
  v.strictObject({
    type: v.literal('opened'),
    /** Highest voucher that the hub holds of the channel. */
    heldVoucher: v.nullable(voucherSchema),
    /** What of the channel's vouchers jobs and fees have used up; the rest still pays. */
    attributedMicroUsd: amount,
    /** What this job has been paid already, without the spread. */
    chargeMicroUsd: amount,
  }),
  /** Kept and handed on to the provider. */
  v.strictObject({ type: v.literal('paid'), chargeMicroUsd: amount }),
  refused,
])

/** Provider to hub: who earns here, and through which receiver. The first and only frame of its line. */
export const hubEarnRequestSchema = v.strictObject({
  type: v.literal('register'),
  provider: address,
  /** The provider itself, or a contract that credits it. */
  receiver: address,
  /** Salt that the channel shall have; what it means is the receiver's business. */
  salt: hexBytes(32),
  signedAtSeconds: seconds,
  /** Provider's EIP-712 signature of the `Payee`. */
  signature,
  /** Highest voucher of the hub that the provider holds: a hub whose books are older goes on from it. */
  heldVoucher: v.nullable(voucherSchema),
})

/** Hub to provider. */
export const hubEarnEventSchema = v.variant('type', [
  v.strictObject({
    type: v.literal('registered'),
    /** Highest voucher that the hub has given; null with a new channel. */
    voucher: v.nullable(voucherSchema),
    channel: channelConfigSchema,
  }),
  /** A job that is paid through this hub is on its way. */
  v.strictObject({
    type: v.literal('job'),
    jobId: hexBytes(32),
    /** Requester's channel to the hub. */
    channelId: hexBytes(32),
    ceilingMicroUsd: amount,
  }),
  v.strictObject({
    type: v.literal('pay'),
    jobId: hexBytes(32),
    /** What the job has been paid in all. */
    chargeMicroUsd: amount,
    voucher: voucherSchema,
  }),
  refused,
])

const collectorData = v.pipe(
  v.string(),
  v.regex(/^0x(?:[0-9a-f]{2})*$/),
  v.maxLength(2 + 2 * limits.collectorDataBytes),
  v.transform((text) => text as Hex),
)

const depositSchema: v.GenericSchema<unknown, DepositAuthorization> = v.strictObject({
  config: channelConfigSchema,
  amount,
  collector: address,
  collectorData,
})

const claimSchema: v.GenericSchema<unknown, ClaimAuthorization> = v.strictObject({
  claims: v.pipe(
    v.array(v.strictObject({ config: channelConfigSchema, voucher: voucherSchema, totalClaimed: amount })),
    v.minLength(1),
    v.maxLength(limits.channelsPerClaim),
  ),
  signature,
})

const transferSchema: v.GenericSchema<unknown, TransferAuthorization> = v.strictObject({
  from: address,
  to: address,
  amount,
  validBeforeSeconds: seconds,
  nonce: hexBytes(32),
  signature,
})

/** Tab to hub: one question on one stream. Whatever goes to the chain pays the fee that was quoted. */
export const hubDeskRequestSchema = v.variant('type', [
  v.strictObject({ type: v.literal('terms') }),
  v.strictObject({
    type: v.literal('quote'),
    action: v.picklist(['deposit', 'claim', 'refund', 'transfer']),
    /** Channels that a claim takes in; 1 for the rest. */
    channels: v.pipe(count(limits.channelsPerClaim), v.minValue(1)),
  }),
  /** The voucher promises the fee on top of what the channel has promised before. */
  v.strictObject({ type: v.literal('deposit'), deposit: depositSchema, feeVoucher: voucherSchema }),
  v.strictObject({ type: v.literal('claim'), claim: claimSchema, fee: transferSchema }),
  /** Claims what is owed and gives the rest of a channel to the hub back to its payer, without the delay. */
  v.strictObject({
    type: v.literal('refund'),
    channel: channelConfigSchema,
    feeMicroUsd: amount,
    signedAtSeconds: seconds,
    /** EIP-712 signature of the `RefundRequest` by the payer or its session key. */
    signature,
    feeVoucher: voucherSchema,
  }),
  v.strictObject({ type: v.literal('transfer'), transfer: transferSchema, fee: transferSchema }),
])

const hubTermsSchema: v.GenericSchema<unknown, HubTerms> = v.strictObject({
  ...hubSchema.entries,
  chainId: v.pipe(count(Number.MAX_SAFE_INTEGER), v.minValue(1)),
  settlement: address,
  token: address,
})

/** Hub to tab: the answer. */
export const hubDeskReplySchema = v.variant('type', [
  v.strictObject({ type: v.literal('terms'), terms: hubTermsSchema, signature }),
  v.strictObject({ type: v.literal('quote'), feeMicroUsd: amount, expiresAtSeconds: seconds }),
  v.strictObject({
    type: v.literal('done'),
    /** Null when there was nothing to do. */
    transaction: v.nullable(hexBytes(32)),
    /** What was deposited, settled, refunded or moved. */
    amountMicroUsd: amount,
    /** Channels of a claim that were left out. */
    skipped: v.pipe(v.array(hexBytes(32)), v.maxLength(limits.channelsPerClaim)),
  }),
  refused,
])

/** A checked frame from a requester on a job's line to a hub. */
export type HubPayRequest = v.InferOutput<typeof hubPayRequestSchema>
/** A checked frame from a hub on a job's line. */
export type HubPayReply = v.InferOutput<typeof hubPayReplySchema>
/** A checked frame from a hub to its provider. */
export type HubEarnEvent = v.InferOutput<typeof hubEarnEventSchema>
/** A checked question to a hub. */
export type HubDeskRequest = v.InferOutput<typeof hubDeskRequestSchema>
/** A checked answer of a hub. */
export type HubDeskReply = v.InferOutput<typeof hubDeskReplySchema>
