import type { Network } from '../domain/network.ts'
import type { TypedData } from '../ports/signer.ts'

export { channelConfigTypes, settlementDomain, voucherTypes } from '../domain/settlement-types.ts'

type Where = Pick<Network, 'chainId' | 'settlement'>

/** EIP-712 domain of what tabs sign for one another: offers, jobs and receipts. */
export function opentabDomain({ chainId, settlement }: Where): TypedData['domain'] {
  return { name: 'Opentab', version: '1', chainId, verifyingContract: settlement }
}

const priceFields = [
  { name: 'promptMicroUsdPerMillion', type: 'uint128' },
  { name: 'completionMicroUsdPerMillion', type: 'uint128' },
] as const

const hubFields = [
  { name: 'account', type: 'address' },
  { name: 'peerId', type: 'string' },
  { name: 'spreadMillionths', type: 'uint32' },
] as const

/** EIP-712 type of an offer: every field of `Offer`. */
export const offerTypes = {
  Offer: [
    { name: 'provider', type: 'address' },
    { name: 'peerId', type: 'string' },
    { name: 'modelId', type: 'bytes32' },
    { name: 'arithmeticId', type: 'bytes32' },
    { name: 'tasks', type: 'string[]' },
    { name: 'price', type: 'Price' },
    { name: 'contextTokens', type: 'uint32' },
    { name: 'milliTokensPerSecond', type: 'uint32' },
    { name: 'freeSlots', type: 'uint16' },
    { name: 'slots', type: 'uint16' },
    { name: 'chunkTokens', type: 'uint32' },
    { name: 'chainId', type: 'uint256' },
    { name: 'settlement', type: 'address' },
    { name: 'token', type: 'address' },
    { name: 'hubs', type: 'Hub[]' },
    { name: 'listingId', type: 'bytes32' },
    { name: 'sequence', type: 'uint64' },
    { name: 'expiresAtSeconds', type: 'uint40' },
  ],
  Price: priceFields,
  Hub: hubFields,
} as const

const dealFields = [
  { name: 'jobId', type: 'bytes32' },
  { name: 'channelId', type: 'bytes32' },
  { name: 'provider', type: 'address' },
  { name: 'modelId', type: 'bytes32' },
] as const

/** EIP-712 type of a job that asks for an answer: `ChatTerms` with its fractions as whole millionths. */
export const jobTypes = {
  Job: [
    ...dealFields,
    { name: 'messages', type: 'Message[]' },
    { name: 'sampler', type: 'Sampler' },
    { name: 'seed', type: 'bytes16' },
    { name: 'maxTokens', type: 'uint32' },
    { name: 'stop', type: 'string[]' },
    { name: 'price', type: 'Price' },
  ],
  Message: [
    { name: 'role', type: 'string' },
    { name: 'content', type: 'string' },
  ],
  Sampler: [
    { name: 'temperatureMillionths', type: 'uint32' },
    { name: 'topK', type: 'uint32' },
    { name: 'topPMillionths', type: 'uint32' },
    { name: 'minPMillionths', type: 'uint32' },
    { name: 'repetitionPenaltyMillionths', type: 'uint32' },
  ],
  Price: priceFields,
} as const

/** EIP-712 type of a job that asks for embeddings: `EmbedTerms` without the task, which the type's name says. */
export const embedJobTypes = {
  EmbedJob: [...dealFields, { name: 'texts', type: 'string[]' }, { name: 'price', type: 'Price' }],
  Price: priceFields,
} as const

/** EIP-712 type of a receipt: `Receipt` with its token counts beside the rest. */
export const receiptTypes = {
  Receipt: [
    { name: 'jobId', type: 'bytes32' },
    { name: 'termsHash', type: 'bytes32' },
    { name: 'provider', type: 'address' },
    { name: 'channelId', type: 'bytes32' },
    { name: 'modelId', type: 'bytes32' },
    { name: 'arithmeticId', type: 'bytes32' },
    { name: 'promptHash', type: 'bytes32' },
    { name: 'outputHead', type: 'bytes32' },
    { name: 'promptTokens', type: 'uint32' },
    { name: 'completionTokens', type: 'uint32' },
    { name: 'chargeMicroUsd', type: 'uint128' },
    { name: 'finishReason', type: 'string' },
    { name: 'issuedAtSeconds', type: 'uint40' },
  ],
} as const

/** EIP-712 type of a hub's terms: every field of `HubTerms`. */
export const hubTermsTypes = {
  HubTerms: [
    ...hubFields,
    { name: 'chainId', type: 'uint256' },
    { name: 'settlement', type: 'address' },
    { name: 'token', type: 'address' },
  ],
} as const

/** EIP-712 type of a job as its hub sees it: every field of `HubJob`. */
export const hubJobTypes = {
  HubJob: [
    { name: 'jobId', type: 'bytes32' },
    { name: 'channelId', type: 'bytes32' },
    { name: 'provider', type: 'address' },
    { name: 'ceilingMicroUsd', type: 'uint128' },
    { name: 'spreadMillionths', type: 'uint32' },
  ],
} as const

/** EIP-712 type by which a provider tells a hub where its tab is and how it wants to be paid. */
export const payeeTypes = {
  Payee: [
    { name: 'provider', type: 'address' },
    { name: 'peerId', type: 'string' },
    { name: 'hub', type: 'address' },
    { name: 'receiver', type: 'address' },
    { name: 'salt', type: 'bytes32' },
    { name: 'signedAtSeconds', type: 'uint40' },
  ],
} as const

/** EIP-712 type by which a payer asks a hub for what its channel holds unspent. */
export const refundRequestTypes = {
  RefundRequest: [
    { name: 'channelId', type: 'bytes32' },
    { name: 'feeMicroUsd', type: 'uint128' },
    { name: 'signedAtSeconds', type: 'uint40' },
  ],
} as const
