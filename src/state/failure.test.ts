import { expect, it } from 'vitest'
import { ChainError, MarketError, PriceChangedError } from '../errors/index.ts'
import { isCancellation, toFailure } from './failure.ts'

it('keeps code and sentence of an error, and nothing that cannot be stored', () => {
  const error = new ChainError('chain/unreachable', 'The chain does not answer.', { cause: () => {} })
  const failure = toFailure(error)
  expect(structuredClone(failure)).toEqual({
    code: 'chain/unreachable',
    shortMessage: 'The chain does not answer.',
    retryable: true,
  })
})

it('keeps what is asked now, where the price has changed', () => {
  const price = { promptMicroUsdPerMillion: 1n, completionMicroUsdPerMillion: 2n }
  expect(structuredClone(toFailure(new PriceChangedError(price, 3n)))).toEqual({
    code: 'market/price-changed',
    shortMessage: 'The price has changed.',
    retryable: true,
    asks: { price, typicalChargeMicroUsd: 3n },
  })
})

it('has a code for what nobody foresaw', () => {
  expect(toFailure(new TypeError('x is undefined'))).toMatchObject({ code: 'page/unexpected' })
  expect(toFailure('odd')).toMatchObject({ shortMessage: 'odd' })
})

it('tells a pressed Stop from a failure', () => {
  expect(isCancellation(new DOMException('stopped', 'AbortError'))).toBe(true)
  expect(isCancellation(new MarketError('market/cancelled', 'Stopped.'))).toBe(true)
  expect(isCancellation(new MarketError('market/no-offers', 'Nobody.'))).toBe(false)
})
