import { sameAddress } from './bytes.ts'
import { type ChannelConfig, type ChannelState, minWithdrawDelaySeconds } from './channel.ts'
import { type JobTerms, mostCompletionTokens, taskOf } from './job.ts'
import { type Offer, servesTask } from './offer.ts'
import { type MicroUsd, chargeMicroUsd } from './price.ts'

/** Why a provider does not take a job. */
export type Refusal =
  | 'provider-full'
  | 'channel-busy'
  | 'price-changed'
  | 'wrong-provider'
  | 'wrong-model'
  | 'wrong-task'
  /** The model owes its publisher a royalty, which a direct channel does not pay. */
  | 'owes-royalty'
  | 'wrong-token'
  | 'short-delay'
  | 'session-over'
  | 'withdrawal-pending'
  | 'underfunded'
  /** The hub that shall pay has not announced the job for this channel. */
  | 'not-announced'
  | 'unpaid-before'
  | 'hub-unpaid'
  | 'served-before'

/** Returns why a job cannot be taken on this offer, from its terms alone, or null. */
export function refuseTerms(terms: JobTerms, offer: Offer): Refusal | null {
  if (!sameAddress(terms.provider, offer.provider)) return 'wrong-provider'
  if (terms.modelId !== offer.modelId) return 'wrong-model'
  if (!servesTask(offer, taskOf(terms))) return 'wrong-task'
  const { price } = terms
  if (
    price.promptMicroUsdPerMillion < offer.price.promptMicroUsdPerMillion ||
    price.completionMicroUsdPerMillion < offer.price.completionMicroUsdPerMillion
  )
    return 'price-changed'
  if (offer.freeSlots < 1) return 'provider-full'
  return null
}

/** Returns why a channel does not secure a job, or null. `used` is what is promised or claimed of it already. */
export function refuseChannel(
  config: ChannelConfig,
  state: ChannelState,
  used: MicroUsd,
  terms: JobTerms,
  offer: Offer,
): Refusal | null {
  if (
    !sameAddress(config.receiver, offer.provider) ||
    !sameAddress(config.receiverAuthorizer, offer.provider)
  )
    return 'wrong-provider'
  if (offer.listingId !== null) return 'owes-royalty'
  if (!sameAddress(config.token, offer.token)) return 'wrong-token'
  if (config.withdrawDelay < minWithdrawDelaySeconds) return 'short-delay'
  if (state.withdrawal !== null) return 'withdrawal-pending'
  return refuseFunds(state.balance - used, 0, terms, offer)
}

/** Returns `underfunded` when `free` money does not pay for the prompt and the chunk after it, or null. */
export function refuseFunds(
  free: MicroUsd,
  promptTokens: number,
  terms: JobTerms,
  offer: Offer,
): Refusal | null {
  const completionTokens = Math.min(offer.chunkTokens, mostCompletionTokens(terms))
  return free < chargeMicroUsd({ promptTokens, completionTokens }, terms.price) ? 'underfunded' : null
}
