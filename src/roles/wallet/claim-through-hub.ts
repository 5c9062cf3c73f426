import type { FeeQuote } from '../../domain/authorization.ts'
import type { Hex } from '../../domain/bytes.ts'
import type { ChannelClaim } from '../../domain/channel.ts'
import type { HubTerms } from '../../domain/hub.ts'
import type { MicroUsd } from '../../domain/price.ts'
import { HubError } from '../../errors/index.ts'
import type { Chain, ClaimResult, Clock, Signer } from '../../ports/index.ts'
import type { HubClient } from '../hub/hub-client.ts'
import { checkFee } from '../hub/plausible-fee.ts'
import type { SponsorFees } from '../hub/sponsor-fees.ts'

/** A quote must hold until the hub has looked at what is sent for it. */
const leastLeftSeconds = 10

/** What a claim through a hub takes. */
export type HubClaimDeps = { chain: Chain; wallet: Signer; fees: SponsorFees }

/** Claims that are sent together, and the most that is paid for it. */
export type PaidClaims = { claims: ChannelClaim[]; mostFeeMicroUsd: MicroUsd }

/** What a claim came to, and what sending it cost. */
export type SentClaim = ClaimResult & { feeMicroUsd: MicroUsd }

/** What hubs have asked for claims; a quote that was shown counts until it ends. */
export class ClaimQuotes {
  readonly #clock: Pick<Clock, 'nowMs'>
  readonly #quotes = new Map<string, FeeQuote>()

  constructor(clock: Pick<Clock, 'nowMs'>) {
    this.#clock = clock
  }

  /**
   * Returns the fee for a claim of so many channels.
   * @throws HubError when the hub cannot be asked, or asks too much
   */
  async fee(client: HubClient, channels: number): Promise<MicroUsd> {
    const key = `${client.peerId} ${channels}`
    const known = this.#quotes.get(key)
    const leastUntil = this.#clock.nowMs() / 1000 + leastLeftSeconds
    const quote = known && known.expiresAtSeconds > leastUntil ? known : await client.quote('claim', channels)
    checkFee(quote.feeMicroUsd)
    this.#quotes.set(key, quote)
    return quote.feeMicroUsd
  }
}

/**
 * Signs a claim of channels, and its fee, and has a hub send both in one transaction.
 * @throws HubError when the hub refuses, when sending costs more than it brings or than is allowed, or when the chain
 * shows nothing of it; `hub/fee-taken` when the hub took its fee alone
 */
export async function claimThroughHub(
  { claims, mostFeeMicroUsd }: PaidClaims,
  hub: HubTerms,
  client: HubClient,
  quotes: ClaimQuotes,
  deps: HubClaimDeps,
): Promise<SentClaim> {
  const { chain, wallet, fees } = deps
  const claim = await chain.authorizeClaim(claims, wallet)
  const left = leftOut(claims, claim.claims)
  const nothing: SentClaim = { transaction: null, settledMicroUsd: 0n, skipped: left, feeMicroUsd: 0n }
  if (claim.claims.length === 0) return nothing
  const feeMicroUsd = await quotes.fee(client, claim.claims.length)
  const worth = await worthOf(claim.claims, chain)
  if (feeMicroUsd >= worth || feeMicroUsd > mostFeeMicroUsd) throw notWorthIt()
  const done = await fees.pay(hub, feeMicroUsd, claim, (fee) => client.claim(claim, fee))
  const settledMicroUsd = done?.amountMicroUsd ?? worth
  return { transaction: done?.transaction ?? null, settledMicroUsd, skipped: left, feeMicroUsd }
}

function leftOut(claims: ChannelClaim[], signed: ChannelClaim[]): Hex[] {
  const kept = new Set(signed.map(({ voucher }) => voucher.channelId))
  return claims.map(({ voucher }) => voucher.channelId).filter((channelId) => !kept.has(channelId))
}

async function worthOf(claims: ChannelClaim[], chain: Chain): Promise<MicroUsd> {
  const states = await Promise.all(claims.map(({ voucher }) => chain.channel(voucher.channelId)))
  const rises = claims.map(({ totalClaimed }, index) => totalClaimed - (states[index]?.totalClaimed ?? 0n))
  return rises.reduce((sum, rise) => sum + rise, 0n)
}

const notWorthIt = () =>
  new HubError('hub/fee-too-high', 'Claiming costs more now than it brings.', {
    fault: 'user',
    retryable: true,
  })
