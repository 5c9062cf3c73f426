import type { MicroUsd } from '../../src/domain/price.ts'

/** How a hub deals with its money: the host's choices. */
export type HubPolicy = {
  /** What it takes on top of a provider's charge, in millionths of the charge. */
  spreadMillionths: number
  /** Put into the channel of a provider that was not paid yet; more when a job needs more. */
  firstDepositMicroUsd: MicroUsd
  /** Most that is put into a provider's channel at a time, ahead of need; more when a job needs more. */
  depositMicroUsd: MicroUsd
  /** Most that may lie free in one provider's channels. */
  maxOpenMicroUsd: MicroUsd
  /** Notice that providers have of a withdrawal: as long as they may stay offline and lose nothing. */
  withdrawDelaySeconds: number
  /** What a micro-dollar is worth in the chain's native coin, in wei. */
  weiPerMicroUsd: bigint
  /** Claims once what is unclaimed is worth this many times the claim's gas. */
  claimAtGasCosts: number
  /** Claims what is worth its gas at least this often, in milliseconds. */
  claimAtLatestMs: number
  /** How often payers' channels are looked at on the chain, in milliseconds. */
  watchIntervalMs: number
  /** A channel of a provider that has been away for so long is taken back, in milliseconds. */
  idleChannelMs: number
  /** The same of a provider that was never paid anything, wherever it is. */
  idleUnpaidMs: number
}

/** A hub that takes 5% and locks up to a dollar at a time with each provider. */
export const defaultHubPolicy: HubPolicy = {
  spreadMillionths: 50_000,
  firstDepositMicroUsd: 20_000n,
  depositMicroUsd: 1_000_000n,
  maxOpenMicroUsd: 5_000_000n,
  withdrawDelaySeconds: 24 * 3600,
  weiPerMicroUsd: 333_000_000n,
  claimAtGasCosts: 50,
  claimAtLatestMs: 6 * 3600_000,
  watchIntervalMs: 60_000,
  idleChannelMs: 7 * 24 * 3600_000,
  idleUnpaidMs: 24 * 3600_000,
}
