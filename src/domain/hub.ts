import type { Address, PeerId } from './bytes.ts'
import type { MicroUsd, Price } from './price.ts'

/** A relay host's payment role: requesters pay it, it pays providers, and it keeps its spread. */
export type Hub = {
  /** Receives the requesters' channels, pays the providers' and signs for both. */
  account: Address
  /** The relay that it runs on. */
  peerId: PeerId
  /** What it takes on top of a provider's charge, in millionths of the charge. */
  spreadMillionths: number
}

/** A hub's public terms. Signed by its account (EIP-712), so that they can be shown to others. */
export type HubTerms = Hub & { chainId: number; settlement: Address; token: Address }

/** Half of a charge: more than any hub may take. */
export const maxSpreadMillionths = 500_000

/** What a job needs of a hub, without the prompt. Signed by the requester's session key. */
export type HubJob = {
  jobId: `0x${string}`
  /** Requester's channel to the hub. */
  channelId: `0x${string}`
  provider: Address
  /** The most that the provider may charge. */
  ceilingMicroUsd: MicroUsd
  spreadMillionths: number
}

/** Returns what a hub takes on top of a job's charge so far: `floor(charge × spread / 1e6)`, on cumulative totals. */
export function spreadOn(
  chargeMicroUsd: MicroUsd,
  { spreadMillionths }: Pick<Hub, 'spreadMillionths'>,
): MicroUsd {
  return (chargeMicroUsd * BigInt(spreadMillionths)) / 1_000_000n
}

/** Returns what a requester pays in all for a charge; without a hub, the charge itself. */
export function withSpread(chargeMicroUsd: MicroUsd, hub: Pick<Hub, 'spreadMillionths'> | null): MicroUsd {
  return hub ? chargeMicroUsd + spreadOn(chargeMicroUsd, hub) : chargeMicroUsd
}

/** Returns what a requester pays in all per million tokens; without a hub, the price itself. */
export function priceWithSpread(
  { promptMicroUsdPerMillion, completionMicroUsdPerMillion }: Price,
  hub: Pick<Hub, 'spreadMillionths'> | null,
): Price {
  return {
    promptMicroUsdPerMillion: withSpread(promptMicroUsdPerMillion, hub),
    completionMicroUsdPerMillion: withSpread(completionMicroUsdPerMillion, hub),
  }
}

/** Returns what the provider charged, of what was paid in all through a hub: the reverse of `withSpread`. */
export function chargeWithin(paidMicroUsd: MicroUsd, hub: Pick<Hub, 'spreadMillionths'> | null): MicroUsd {
  if (!hub) return paidMicroUsd
  const whole = 1_000_000n + BigInt(hub.spreadMillionths)
  return (paidMicroUsd * 1_000_000n + whole - 1n) / whole
}
