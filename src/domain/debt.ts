import { type Offer, dueTokens } from './offer.ts'
import { type MicroUsd, chargeMicroUsd } from './price.ts'

/** What a channel was served and what it paid for that, over all its jobs that are over. */
export type ChannelDebt = { chargedMicroUsd: MicroUsd; paidMicroUsd: MicroUsd }

/** A twentieth of what a channel has paid is forgiven: links break, and the last chunk goes unpaid. */
const forgivenShare = 20n

/**
 * Chunks that a hub may leave unpaid in a day: a requester that leaves is not its doing. Requesters that it makes up
 * cost it nothing, so that what each of them may owe bounds nothing.
 */
const chunksPerHub = 8n

/** Whether a hub left so much unpaid today, over all its requesters, that nothing more is served on its word. */
export function owesTooMuch(
  { chargedMicroUsd, paidMicroUsd }: ChannelDebt,
  { price, chunkTokens }: Pick<Offer, 'price' | 'chunkTokens'>,
): boolean {
  const chunk = chargeMicroUsd({ promptTokens: 0, completionTokens: chunkTokens }, price)
  return chargedMicroUsd - paidMicroUsd - paidMicroUsd / forgivenShare > chunksPerHub * chunk
}

/**
 * Returns how many tokens a channel's next job may run ahead of its payment: what the channel left unpaid comes off
 * the chunk, so that whoever leaves again and again gains no more than by leaving once. 0 when less is left than makes a
 * voucher due, which no answer could go on with. `running` jobs of the same channel count as if nothing of them was paid.
 */
export function windowAfterDebt(
  { chargedMicroUsd, paidMicroUsd }: ChannelDebt,
  running: number,
  { price, chunkTokens }: Pick<Offer, 'price' | 'chunkTokens'>,
): number {
  const charge = (completionTokens: number) => chargeMicroUsd({ promptTokens: 0, completionTokens }, price)
  const atStake = BigInt(running) * charge(chunkTokens)
  const owed = chargedMicroUsd - paidMicroUsd + atStake - paidMicroUsd / forgivenShare
  if (owed <= 0n) return chunkTokens
  const perMillion = price.completionMicroUsdPerMillion
  if (perMillion === 0n) return 0
  const owedTokens = (owed * 1_000_000n + perMillion - 1n) / perMillion
  const left = BigInt(chunkTokens) - owedTokens
  return left < BigInt(dueTokens({ chunkTokens })) ? 0 : Number(left)
}
