import { type EnergySettings, breakEvenUsdPerMillion } from './energy.ts'
import type { MicroUsd, Price } from './price.ts'

/** Reading a prompt is priced at a fifth of writing an answer: it costs about that much time. */
const promptShare = 5n

/** Nobody asks for more: a thousand dollars per million tokens. */
export const highestMicroUsdPerMillion: MicroUsd = 1_000_000_000n

/** Returns the price of a provider that asks so much for a million answer tokens. */
export function askingPrice(completionMicroUsdPerMillion: MicroUsd): Price {
  return {
    promptMicroUsdPerMillion: completionMicroUsdPerMillion / promptShare,
    completionMicroUsdPerMillion,
  }
}

/** Returns a price, raised to what its electricity costs where what a royalty leaves of it is below that. */
export function coverPower(
  price: Price,
  tokensPerSecond: number,
  energy: EnergySettings,
  keptShare = 1,
): Price {
  const breakEvenMicroUsd = breakEvenUsdPerMillion(tokensPerSecond, energy, keptShare) * 1e6
  const floor = BigInt(Math.ceil(Math.min(breakEvenMicroUsd, Number(highestMicroUsdPerMillion))))
  return {
    promptMicroUsdPerMillion: larger(price.promptMicroUsdPerMillion, floor / promptShare),
    completionMicroUsdPerMillion: larger(price.completionMicroUsdPerMillion, floor),
  }
}

const larger = (one: MicroUsd, other: MicroUsd) => (one > other ? one : other)
