/** Millionths of a dollar, which are also the units of a dollar token with six decimals. */
export type MicroUsd = bigint

/** Micro-dollars per million tokens. */
export type Price = { promptMicroUsdPerMillion: MicroUsd; completionMicroUsdPerMillion: MicroUsd }

/** Tokens of one job so far, counted with the model's own tokenizer. */
export type TokenCount = { promptTokens: number; completionTokens: number }

const million = 1_000_000n

/** Whether nothing costs more at one price than at the other. */
export function isAtMost(price: Price, most: Price): boolean {
  return (
    price.promptMicroUsdPerMillion <= most.promptMicroUsdPerMillion &&
    price.completionMicroUsdPerMillion <= most.completionMicroUsdPerMillion
  )
}

/**
 * Returns what a job costs so far: `floor(Σ tokens × price / 1e6)`, always on its cumulative totals.
 * Rounding per chunk instead would lose over a third of a small answer's price.
 */
export function chargeMicroUsd(tokens: TokenCount, price: Price): MicroUsd {
  const prompt = BigInt(tokens.promptTokens) * price.promptMicroUsdPerMillion
  const completion = BigInt(tokens.completionTokens) * price.completionMicroUsdPerMillion
  return (prompt + completion) / million
}

/**
 * Returns how many completion tokens a payment covers, the prompt being paid first:
 * the largest n with `chargeMicroUsd({ promptTokens, completionTokens: n }) ≤ paid`, never below 0.
 */
export function coveredTokens(paid: MicroUsd, promptTokens: number, price: Price): number {
  const reach = (paid + 1n) * million - 1n - BigInt(promptTokens) * price.promptMicroUsdPerMillion
  if (reach < 0n) return 0
  if (price.completionMicroUsdPerMillion === 0n) return Number.MAX_SAFE_INTEGER
  return Math.min(Number(reach / price.completionMicroUsdPerMillion), Number.MAX_SAFE_INTEGER)
}
