import type { Hex } from '../../domain/bytes.ts'
import type { HubTerms } from '../../domain/hub.ts'
import type { MicroUsd } from '../../domain/price.ts'
import { ChainError, HubError } from '../../errors/index.ts'
import type { Clock } from '../../ports/index.ts'
import { limits } from '../../protocol/limits.ts'
import { canPayGas } from '../common/can-pay-gas.ts'
import type { KnownHubs } from '../hub/known-hubs.ts'
import {
  type ClaimQuotes,
  type HubClaimDeps,
  type PaidClaims,
  type SentClaim,
  claimThroughHub,
} from './claim-through-hub.ts'
import { type EarnedChannel, claimOf, firstEndMs, worthOf } from './earned-channels.ts'

/** What tells how claims go. */
export type SliceDeps = Pick<HubClaimDeps, 'chain' | 'wallet' | 'fees'> & {
  hubs: Pick<KnownHubs, 'byAccount' | 'connected' | 'client'>
  quotes: ClaimQuotes
}

/** What claims are sent with. */
export type SendClaimsDeps = SliceDeps & HubClaimDeps & { clock: Pick<Clock, 'nowMs'> }

/** Returns the most that is paid for claiming some channels together. */
export type FeeLimit = (channels: readonly EarnedChannel[]) => MicroUsd

/** Claims that go to the chain together. */
export type ClaimSlice = PaidClaims & {
  /** The hub that is asked first to send them; null where this account does, or nobody can. */
  hub: HubTerms | null
  /** Unix time in milliseconds by which they must be claimed, because a payer takes back what covers them; else null. */
  untilMs: number | null
}

/**
 * Returns how channels are claimed: those that a connected hub pays through go by that hub. Others this account claims
 * itself, or where it has no gas the hub that asks least; so it is too with those whose payer takes back what covers
 * them, for that payer is not the one to name the price. Own gas costs less than an honest hub asks for the same gas.
 */
export async function sliceClaims(
  channels: readonly EarnedChannel[],
  deps: SliceDeps,
  mostFee: FeeLimit = worthOf,
): Promise<ClaimSlice[]> {
  const byHub = new Map<string | null, { hub: HubTerms | null; channels: EarnedChannel[] }>()
  for (const channel of channels.filter((one) => claimOf(one).length > 0)) {
    const hub = await payingHub(channel, deps)
    const group = byHub.get(hub?.peerId ?? null) ?? { hub, channels: [] }
    byHub.set(hub?.peerId ?? null, { hub, channels: [...group.channels, channel] })
  }
  const slices = [...byHub.values()].flatMap(({ hub, channels: all }) => cut(all, hub, mostFee))
  return Promise.all(
    slices.map((slice) => (slice.hub === null || slice.untilMs !== null ? withHelper(slice, deps) : slice)),
  )
}

/** Returns the hub that pays through a channel, while it is connected and trusted with a fee. */
async function payingHub({ record }: EarnedChannel, { hubs, fees }: SliceDeps): Promise<HubTerms | null> {
  const hub = await hubs.byAccount(record.config.payer)
  return hub && (await fees.trusts(hub)) ? hub : null
}

function cut(channels: readonly EarnedChannel[], hub: HubTerms | null, mostFee: FeeLimit): ClaimSlice[] {
  const count = Math.ceil(channels.length / limits.channelsPerClaim)
  return Array.from({ length: count }, (_, n) => {
    const slice = channels.slice(n * limits.channelsPerClaim, (n + 1) * limits.channelsPerClaim)
    const claims = slice.flatMap(claimOf)
    return { hub, claims, mostFeeMicroUsd: mostFee(slice), untilMs: firstEndMs(slice) }
  })
}

async function withHelper(slice: ClaimSlice, deps: SliceDeps): Promise<ClaimSlice> {
  if (await canClaimItself(slice, deps)) return { ...slice, hub: null }
  const [hub = null] = await helpers(slice, deps)
  return { ...slice, hub }
}

/**
 * Returns the hubs that may send a claim, first the one that asks least, last those that name no price: any does it for
 * its fee, whoever pays the channels.
 */
async function helpers({ claims }: ClaimSlice, { hubs, fees, quotes }: SliceDeps): Promise<HubTerms[]> {
  const asked = (await hubs.connected()).map(async (hub) => {
    if (!(await fees.trusts(hub))) return []
    const fee = await quotes.fee(hubs.client(hub.peerId), claims.length).then(Number, () => Number.MAX_VALUE)
    return [{ hub, fee }]
  })
  const priced = (await Promise.all(asked)).flat()
  return priced.toSorted((a, b) => a.fee - b.fee).map(({ hub }) => hub)
}

/** Whether this account's gas pays for claiming a slice. */
export const canClaimItself = (
  { claims }: ClaimSlice,
  { wallet, chain }: Pick<SliceDeps, 'wallet' | 'chain'>,
): Promise<boolean> => canPayGas('claim', wallet, chain, claims.length)

/**
 * Sends a slice: by its hub, and where that does not do it in a transaction of this account's own, or without gas by any
 * other hub that does.
 * @throws ChainError or HubError when nobody can; it says until when it must be claimed, if it will be lost then
 */
export async function sendSlice(slice: ClaimSlice, deps: SendClaimsDeps): Promise<SentClaim> {
  if (slice.hub === null) return sendOwn(slice, deps)
  try {
    return await through(slice.hub, slice, deps)
  } catch (error) {
    // Who said no is not asked for the same in another way.
    if (isRefused(error)) throw error
    if (await canClaimItself(slice, deps)) return sendOwn(slice, deps)
    return (await throughAnother(slice, deps)) ?? Promise.reject(withMeaning(error, slice, deps))
  }
}

function through(hub: HubTerms, slice: ClaimSlice, deps: SendClaimsDeps): Promise<SentClaim> {
  return claimThroughHub(slice, hub, deps.hubs.client(hub.peerId), deps.quotes, deps)
}

/** Returns what came of the first hub that does it, or null. */
async function throughAnother(slice: ClaimSlice, deps: SendClaimsDeps): Promise<SentClaim | null> {
  for (const hub of await helpers(slice, deps)) {
    if (hub.peerId === slice.hub?.peerId) continue
    const sent = await through(hub, slice, deps).catch((error: unknown) => {
      if (isRefused(error)) throw error
      return null
    })
    if (sent) return sent
  }
  return null
}

const isRefused = (error: unknown) => error instanceof ChainError && error.code === 'chain/user-rejected'

async function sendOwn(slice: ClaimSlice, deps: SendClaimsDeps): Promise<SentClaim> {
  const { chain, wallet, fees } = deps
  if (await canClaimItself(slice, deps)) {
    const { claims } = slice
    const sent = await chain.claim(claims, wallet)
    const claimed = claims.filter(({ voucher }) => !sent.skipped.includes(voucher.channelId))
    if (sent.transaction !== null) await fees.done({ claims: claimed }, null)
    return { ...sent, feeMicroUsd: 0n }
  }
  throw new ChainError(
    'chain/insufficient-funds',
    `Claiming this takes gas, and this account has none. ${meaningOf(slice, deps)}`,
  )
}

/** Of these the chain alone knows what they cost. */
const unclearCodes: ReadonlySet<string> = new Set(['hub/no-answer', 'hub/fee-taken'])

/** Adds to a hub's refusal what it means for the money. */
function withMeaning(error: unknown, slice: ClaimSlice, deps: SendClaimsDeps): unknown {
  if (!(error instanceof HubError) || (unclearCodes.has(error.code) && slice.untilMs === null)) return error
  const { code, shortMessage, fault, retryable } = error
  return new HubError(code, `${shortMessage} ${meaningOf(slice, deps)}`, { cause: error, fault, retryable })
}

function meaningOf({ untilMs }: ClaimSlice, { clock }: SendClaimsDeps): string {
  if (untilMs === null) return 'Nothing is lost: it can be claimed later.'
  const minutes = Math.max(0, Math.floor((untilMs - clock.nowMs()) / 60_000))
  return `Its payer is taking back what covers some of it: that must be claimed within ${minutes} minutes, or it is lost.`
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
