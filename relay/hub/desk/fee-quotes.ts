import type { FeeQuote, SponsoredAction } from '../../../src/domain/authorization.ts'
import type { MicroUsd } from '../../../src/domain/price.ts'
import type { Chain, Clock } from '../../../src/ports/index.ts'

/** Gas may get dearer between a quote and its transaction. */
const marginPercent = 25n
const validSeconds = 120

/** What fees are computed from. */
export type FeeQuotesDeps = {
  chain: Pick<Chain, 'gasCost'>
  clock: Pick<Clock, 'nowMs'>
  /** What a micro-dollar is worth in the chain's native coin, in wei. */
  weiPerMicroUsd: bigint
}

/** What the hub asks for sending a transaction, and how long it stands by that. */
export class FeeQuotes {
  readonly #deps: FeeQuotesDeps
  /** For each kind, what was quoted and still counts: rising fees, so that the first is the lowest. */
  readonly #quoted = new Map<string, FeeQuote[]>()

  constructor(deps: FeeQuotesDeps) {
    this.#deps = deps
  }

  /** Returns what it costs now, with a margin, rounded up to a micro-dollar; valid for two minutes. */
  async quote(action: SponsoredAction, channels = 1): Promise<FeeQuote> {
    const costWei = await this.#deps.chain.gasCost(action, channels)
    const feeMicroUsd = roundUp(costWei * (100n + marginPercent), 100n * this.#deps.weiPerMicroUsd)
    const quote = { feeMicroUsd, expiresAtSeconds: this.#nowSeconds() + validSeconds }
    // An earlier quote that is no lower would end before this one.
    const lower = this.#valid(action, channels).filter((earlier) => earlier.feeMicroUsd < feeMicroUsd)
    this.#quoted.set(keyOf(action, channels), [...lower, quote])
    return quote
  }

  /** Returns the least fee that is enough now: the lowest that was quoted and is still valid. */
  async least(action: SponsoredAction, channels = 1): Promise<MicroUsd> {
    const [lowest] = this.#valid(action, channels)
    return (lowest ?? (await this.quote(action, channels))).feeMicroUsd
  }

  #valid(action: SponsoredAction, channels: number): FeeQuote[] {
    const nowSeconds = this.#nowSeconds()
    const quoted = this.#quoted.get(keyOf(action, channels)) ?? []
    return quoted.filter(({ expiresAtSeconds }) => expiresAtSeconds > nowSeconds)
  }

  #nowSeconds(): number {
    return Math.floor(this.#deps.clock.nowMs() / 1000)
  }
}

function keyOf(action: SponsoredAction, channels: number): string {
  return `${action} ${channels}`
}

function roundUp(dividend: bigint, divisor: bigint): bigint {
  return (dividend + divisor - 1n) / divisor
}
