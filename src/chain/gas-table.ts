import type { SponsoredAction } from '../domain/authorization.ts'

/** What an action takes of the chain: gas to run, and bytes that a rollup posts to its first layer. */
export type Cost = { gas: bigint; bytes: number }

/**
 * Most that each action took on a local chain, rounded up: `base` once and `line` for each channel of a claim.
 * Measured by tests/integration/gas-cost.test.ts, which fails when a figure is too low or far too high.
 */
const table: Record<SponsoredAction, { base: Cost; line: Cost }> = {
  deposit: { base: { gas: 165_000n, bytes: 1_000 }, line: { gas: 0n, bytes: 0 } },
  claim: { base: { gas: 160_000n, bytes: 1_300 }, line: { gas: 60_000n, bytes: 600 } },
  refund: { base: { gas: 130_000n, bytes: 1_300 }, line: { gas: 0n, bytes: 0 } },
  transfer: { base: { gas: 170_000n, bytes: 1_200 }, line: { gas: 0n, bytes: 0 } },
}

/** Returns what an action takes, with so many channels where it is a claim. */
export function costOf(action: SponsoredAction, channels = 1): Cost {
  const { base, line } = table[action]
  return { gas: base.gas + line.gas * BigInt(channels), bytes: base.bytes + line.bytes * channels }
}

/**
 * Returns the most gas that a sender lends to an action: twice what it takes. An account that is a contract checks its
 * signature by code of its own, which could use up any amount.
 */
export function maxGasOf(action: SponsoredAction, channels = 1): bigint {
  return 2n * costOf(action, channels).gas
}
