import type { Hex } from '../domain/bytes.ts'
import type { ChannelClaim } from '../domain/channel.ts'
import type { HubTerms } from '../domain/hub.ts'
import { isLocalChain } from '../domain/network.ts'
import { ChainError, HubError } from '../errors/index.ts'
import { limits } from '../protocol/limits.ts'
import { type EarnedChannel, claimOf } from './earned-channels.ts'
import {
  type ClaimQuotes,
  type HubClaimDeps,
  type SentClaim,
  claimThroughHub,
} from './hub/claim-through-hub.ts'
import type { KnownHubs } from './hub/known-hubs.ts'

/** What claims are sent with. */
export type SendClaimsDeps = HubClaimDeps & { hubs: Pick<KnownHubs, 'byAccount' | 'client'> }

/** Claims that go to the chain together, and the hub that sends them; without one, this account does. */
export type ClaimSlice = { claims: ChannelClaim[]; hub: HubTerms | null }

/** Returns how channels are claimed: those that a connected hub pays through go by that hub. */
export async function sliceClaims(
  channels: EarnedChannel[],
  { hubs }: Pick<SendClaimsDeps, 'hubs'>,
): Promise<ClaimSlice[]> {
  const byHub = new Map<HubTerms | null, ChannelClaim[]>()
  for (const claim of channels.flatMap(claimOf)) {
    const hub = await hubs.byAccount(claim.config.payer)
    byHub.set(hub, [...(byHub.get(hub) ?? []), claim])
  }
  return [...byHub].flatMap(([hub, claims]) => {
    const starts = Array.from({ length: Math.ceil(claims.length / limits.channelsPerClaim) }, (_, n) => n)
    const slice = (n: number) => claims.slice(n * limits.channelsPerClaim, (n + 1) * limits.channelsPerClaim)
    return starts.map((n) => ({ hub, claims: slice(n) }))
  })
}

/**
 * Sends a slice: by its hub, or in a transaction of this account's own where there is none or it does not do it.
 * @throws ChainError or HubError when neither can; nothing is lost then
 */
export async function sendSlice(
  { claims, hub }: ClaimSlice,
  quotes: ClaimQuotes,
  deps: SendClaimsDeps,
): Promise<SentClaim> {
  if (hub === null) return sendOwn(claims, deps)
  try {
    return await claimThroughHub(claims, hub, deps.hubs.client(hub.peerId), quotes, deps)
  } catch (error) {
    const isRefused = error instanceof ChainError && error.code === 'chain/user-rejected'
    // Who said no is not asked for the same in another way.
    if (isRefused || !(await hasGas(claims, deps))) throw reassuring(error)
    return sendOwn(claims, deps)
  }
}

const nothingLost = 'Nothing is lost: it can be claimed later.'

/** Adds to a hub's refusal what it means for the money; where it fell silent, the chain alone knows. */
function reassuring(error: unknown): unknown {
  if (!(error instanceof HubError) || error.code === 'hub/no-answer') return error
  const { code, shortMessage, fault, retryable } = error
  return new HubError(code, `${shortMessage} ${nothingLost}`, { cause: error, fault, retryable })
}

async function sendOwn(claims: ChannelClaim[], deps: SendClaimsDeps): Promise<SentClaim> {
  if (await hasGas(claims, deps)) return { ...(await deps.chain.claim(claims, deps.wallet)), feeMicroUsd: 0n }
  throw new ChainError(
    'chain/insufficient-funds',
    `Claiming this takes gas, and this account has none. ${nothingLost}`,
  )
}

/** Whether this account can pay for a claim itself; on the local chain gas is given. */
async function hasGas(claims: ChannelClaim[], { chain, wallet }: SendClaimsDeps): Promise<boolean> {
  if (isLocalChain(chain.network)) return true
  const [held, needed] = await Promise.all([
    chain.gasBalance(wallet.address),
    chain.gasCost('claim', claims.length),
  ])
  return held >= needed
}

/** Returns how far each channel of a claim is claimed since, the ones that were left out aside. */
export function claimedBy(
  { claims }: ClaimSlice,
  { skipped }: SentClaim,
): { channelId: Hex; totalClaimedMicroUsd: bigint }[] {
  return claims
    .filter(({ voucher }) => !skipped.includes(voucher.channelId))
    .map(({ voucher, totalClaimed }) => ({
      channelId: voucher.channelId,
      totalClaimedMicroUsd: totalClaimed,
    }))
}
