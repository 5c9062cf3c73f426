import type { TokenCount } from './job.ts'

/** Millionths of a dollar, which are also the units of a dollar token with six decimals. */
export type MicroUsd = bigint

/** Micro-dollars per million tokens. */
export type Price = { promptMicroUsdPerMillion: MicroUsd; completionMicroUsdPerMillion: MicroUsd }

const million = 1_000_000n

/**
 * Returns what a job costs so far: `floor(Σ tokens × price / 1e6)`, always on its cumulative totals.
 * Rounding per chunk instead would lose over a third of a small answer's price.
 */
export function chargeMicroUsd(tokens: TokenCount, price: Price): MicroUsd {
  const prompt = BigInt(tokens.promptTokens) * price.promptMicroUsdPerMillion
  const completion = BigInt(tokens.completionTokens) * price.completionMicroUsdPerMillion
  return (prompt + completion) / million
}
