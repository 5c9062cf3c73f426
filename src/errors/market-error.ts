import { BaseError, type ErrorOptions, type ErrorTraits, type PeerError } from './base-error.ts'

const traits = {
  'market/no-offers': { fault: 'peer', retryable: true },
  'market/provider-full': { fault: 'peer', retryable: true },
  'market/provider-stopped': { fault: 'peer', retryable: true },
  'market/channel-busy': { fault: 'peer', retryable: true },
  'market/price-changed': { fault: 'peer', retryable: true },
  'market/offer-refused': { fault: 'self', retryable: true },
  'market/no-model': { fault: 'user', retryable: false },
  'market/cancelled': { fault: 'user', retryable: true },
  'market/job-refused': { fault: 'peer', retryable: true },
  'market/job-broken': { fault: 'peer', retryable: true },
} as const satisfies Record<string, ErrorTraits>

/** Codes of `MarketError`. */
export type MarketErrorCode = keyof typeof traits

/** What goes wrong between a requester and a provider, short of money and protocol. */
export class MarketError extends BaseError<MarketErrorCode> {
  override name = 'MarketError'

  constructor(code: MarketErrorCode, shortMessage: string, options?: ErrorOptions) {
    super(code, shortMessage, traits[code], options)
  }
}

/** Micro-dollars per million tokens. */
type PerMillion = { promptMicroUsdPerMillion: bigint; completionMicroUsdPerMillion: bigint }

/** Whoever would answer costs more now than the person who asks has seen. */
export class PriceChangedError extends MarketError {
  /** What the best offer costs now; a hub's spread is included. */
  readonly price: PerMillion
  /** What a typical answer costs at it, in micro-dollars. */
  readonly typicalChargeMicroUsd: bigint

  constructor(price: PerMillion, typicalChargeMicroUsd: bigint, options?: ErrorOptions) {
    super('market/price-changed', 'The price has changed.', options)
    this.price = price
    this.typicalChargeMicroUsd = typicalChargeMicroUsd
  }
}

/** Stands for an answer's end that nobody foresaw. */
export const brokeOff: PeerError = { code: 'market/job-broken', shortMessage: 'The answer broke off.' }
