import * as v from 'valibot'
import type { ChannelConfig } from '../domain/channel.ts'
import type { JobTerms } from '../domain/job.ts'
import type { SignedReceipt } from '../domain/receipt.ts'
import {
  address,
  amount,
  count,
  embedding,
  hexBytes,
  millionths,
  peerError,
  signature,
  tokenIds,
} from './fields.ts'
import { limits } from './limits.ts'
import { priceSchema } from './offer-messages.ts'

const samplerSchema = v.strictObject({
  temperature: millionths(0, 4),
  topK: count(1_000_000),
  topP: millionths(0, 1),
  minP: millionths(0, 1),
  repetitionPenalty: millionths(0.01, 10),
})

const dealEntries = {
  jobId: hexBytes(32),
  channelId: hexBytes(32),
  provider: address,
  modelId: hexBytes(32),
  price: priceSchema,
}

const content = v.pipe(v.string(), v.maxLength(limits.messageChars))

const chatTermsSchema = v.strictObject({
  ...dealEntries,
  messages: v.pipe(
    v.array(v.strictObject({ role: v.picklist(['system', 'user', 'assistant']), content })),
    v.minLength(1),
    v.maxLength(limits.messagesPerJob),
  ),
  sampler: samplerSchema,
  seed: hexBytes(16),
  maxTokens: v.pipe(count(limits.maxTokens), v.minValue(1)),
  stop: v.pipe(
    v.array(v.pipe(v.string(), v.minLength(1), v.maxLength(limits.stopStringChars))),
    v.maxLength(limits.stopStrings),
  ),
})

const embedTermsSchema = v.strictObject({
  ...dealEntries,
  task: v.literal('embed'),
  texts: v.pipe(v.array(v.pipe(content, v.minLength(1))), v.minLength(1), v.maxLength(limits.textsPerJob)),
})

/** Terms that name no task are those of an answer. */
const termsSchema: v.GenericSchema<unknown, JobTerms> = v.lazy((terms) =>
  isEmbedding(terms) ? embedTermsSchema : chatTermsSchema,
)

const isEmbedding = (terms: unknown) => typeof terms === 'object' && terms !== null && 'task' in terms

/** Terms of a channel, shape alone. */
export const channelConfigSchema: v.GenericSchema<unknown, ChannelConfig> = v.strictObject({
  payer: address,
  payerAuthorizer: address,
  receiver: address,
  receiverAuthorizer: address,
  token: address,
  withdrawDelay: count(0xffffffffff),
  salt: hexBytes(32),
})

/** A voucher, shape alone. */
export const voucherSchema = v.strictObject({
  channelId: hexBytes(32),
  maxClaimableAmount: amount,
  signature,
})

/** A receipt and its signature, shape alone: `verifyReceipt` decides whether it is right. */
const signedReceiptSchema: v.GenericSchema<unknown, SignedReceipt> = v.strictObject({
  receipt: v.strictObject({
    jobId: hexBytes(32),
    termsHash: hexBytes(32),
    provider: address,
    channelId: hexBytes(32),
    modelId: hexBytes(32),
    arithmeticId: hexBytes(32),
    promptHash: hexBytes(32),
    outputHead: hexBytes(32),
    tokens: v.strictObject({ promptTokens: count(0xffffffff), completionTokens: count(0xffffffff) }),
    chargeMicroUsd: amount,
    finishReason: v.picklist(['stop', 'length', 'cancelled', 'unpaid', 'failed']),
    issuedAtSeconds: count(0xffffffffff),
  }),
  signature,
})

/** Requester to provider. The first frame is the job; then a voucher for the first token and each half chunk. */
export const requesterFrameSchema = v.variant('type', [
  v.strictObject({
    type: v.literal('job'),
    terms: termsSchema,
    channel: channelConfigSchema,
    /** Session key's EIP-712 signature of the terms: nobody else can spend this channel's window. */
    signature,
  }),
  v.strictObject({ type: v.literal('voucher'), voucher: voucherSchema }),
  v.strictObject({ type: v.literal('cancel') }),
])

/** Provider to requester. `accepted` or `refused` comes first; a `receipt` ends every accepted job. */
export const providerFrameSchema = v.variant('type', [
  v.strictObject({
    type: v.literal('accepted'),
    promptTokens: count(limits.maxTokens * 8),
    promptHash: hexBytes(32),
    /** Highest voucher that the provider holds of this channel; job charges come on top. */
    heldVoucher: v.nullable(voucherSchema),
  }),
  v.strictObject({ type: v.literal('refused'), error: peerError }),
  v.strictObject({
    type: v.literal('tokens'),
    /** Index of the first of these tokens in the answer. */
    start: count(limits.maxTokens),
    tokenIds: tokenIds(limits.tokensPerFrame),
    text: v.pipe(v.string(), v.maxLength(limits.textPerFrameChars)),
  }),
  v.strictObject({
    type: v.literal('embedding'),
    /** Which of the texts it is of. */
    index: count(limits.textsPerJob),
    vector: embedding,
  }),
  /** Nothing has come for a while, and the job goes on. Requesters take it only so often, and for so long. */
  v.strictObject({ type: v.literal('waiting') }),
  v.strictObject({
    type: v.literal('receipt'),
    signed: signedReceiptSchema,
    error: v.nullable(peerError),
  }),
])

/** A checked frame from the requester. */
export type RequesterFrame = v.InferOutput<typeof requesterFrameSchema>

/** A checked frame from the provider. */
export type ProviderFrame = v.InferOutput<typeof providerFrameSchema>
