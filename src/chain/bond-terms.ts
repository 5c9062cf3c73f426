/** Terms of the earnings bond on the local chain: short enough to see money held and freed within an hour. */
export const localBondTerms = {
  /** Most that is held of one provider. */
  targetMicroUsd: 50_000n,
  /** Least time that earnings are held, unless newer ones fill the target. */
  holdSeconds: 3600,
  /** Time that the panel has for a verdict. */
  disputeSeconds: 3600,
  /** Share of forfeited money that rewards whoever proved the fault, in hundredths of a percent. */
  rewardBps: 2500,
} as const

/** Whole periods that earnings are held for; each is freed in the period after. */
export const heldPeriods = 8

/** Returns the longest time that earnings are held, in seconds: what comes at a period's start is freed nine later. */
export function longestHoldSeconds(periodSeconds: number): number {
  return (heldPeriods + 1) * periodSeconds
}

/** Returns the length of one period in seconds, as the contract computes it. */
export function bondPeriodSeconds(holdSeconds: number): number {
  return Math.ceil(holdSeconds / heldPeriods)
}
