import type { SponsoredAction } from '../domain/authorization.ts'
import type { Network } from '../domain/network.ts'

/** What an action takes of the chain: gas to run, and bytes that a rollup posts to its first layer. */
export type Cost = { gas: bigint; bytes: number }

type Figures = Record<SponsoredAction, { base: Cost; line: Cost }>

/**
 * Most that each action took on a local chain, rounded up: `base` once and `line` for each channel of a claim, with a
 * fee to an account that had nothing. Measured by tests/integration/gas-cost.test.ts, which fails when a figure is too
 * low or far too high.
 */
const figures: Figures = {
  deposit: { base: { gas: 140_000n, bytes: 800 }, line: { gas: 0n, bytes: 0 } },
  claim: { base: { gas: 168_000n, bytes: 1_300 }, line: { gas: 23_000n, bytes: 550 } },
  refund: { base: { gas: 145_000n, bytes: 1_300 }, line: { gas: 0n, bytes: 0 } },
  transfer: { base: { gas: 160_000n, bytes: 1_150 }, line: { gas: 0n, bytes: 0 } },
}

/** The same where an earnings bond may have its part in it. */
const bondedFigures: Figures = {
  ...figures,
  claim: { base: { gas: 270_000n, bytes: 1_600 }, line: { gas: 75_000n, bytes: 850 } },
  transfer: { base: { gas: 205_000n, bytes: 1_600 }, line: { gas: 0n, bytes: 0 } },
}

/** A deposit by Permit2 with an allowance by signature. Measured by tests/integration/permit2-deposit.test.ts. */
export const permit2DepositCost: Cost = { gas: 215_000n, bytes: 1_100 }

/** Returns what an action takes on a network, with so many channels where it is a claim. */
export function costOf(action: SponsoredAction, { bond }: Pick<Network, 'bond'>, channels = 1): Cost {
  const { base, line } = (bond ? bondedFigures : figures)[action]
  return { gas: base.gas + line.gas * BigInt(channels), bytes: base.bytes + line.bytes * channels }
}

/**
 * Returns the most gas that a sender lends to an action: twice what it takes. An account that is a contract checks its
 * signature by code of its own, which could use up any amount.
 */
export function maxGasOf(action: SponsoredAction, network: Pick<Network, 'bond'>, channels = 1): bigint {
  return 2n * costOf(action, network, channels).gas
}
