import type { MicroUsd, Price } from '../domain/price.ts'
import { BaseError, type PeerError, PriceChangedError } from '../errors/index.ts'

/** An error as the page keeps it: plain data that survives a reload. */
export type Failure = PeerError & {
  retryable: boolean
  /** What is asked now, where the price has changed; a hub's spread is included. */
  asks?: { price: Price; typicalChargeMicroUsd: MicroUsd }
}

/** Flattens anything thrown into what the page shows. */
export function toFailure(error: unknown): Failure {
  if (error instanceof BaseError) {
    const { code, shortMessage, retryable } = error
    const failure = { code, shortMessage, retryable }
    if (!(error instanceof PriceChangedError)) return failure
    const { price, typicalChargeMicroUsd } = error
    return { ...failure, asks: { price, typicalChargeMicroUsd } }
  }
  const shortMessage = error instanceof Error ? error.message : String(error)
  return { code: 'page/unexpected', shortMessage, retryable: true }
}

/** Whether an error only says that somebody pressed Stop. */
export function isCancellation(error: unknown): boolean {
  if (error instanceof DOMException) return error.name === 'AbortError'
  return error instanceof BaseError && error.code.endsWith('/cancelled')
}
