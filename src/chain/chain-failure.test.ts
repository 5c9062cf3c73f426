import { BaseError, HttpRequestError, RpcRequestError, TimeoutError, encodeErrorResult, toHex } from 'viem'
import { expect, test } from 'vitest'
import { AccountError, ChainError } from '../errors/index.ts'
import { batchSettlementAbi } from './abi/batch-settlement.ts'
import { chainFailure } from './chain-failure.ts'

const where = { url: 'http://127.0.0.1:1', body: {} }
const errorString = [{ type: 'error', name: 'Error', inputs: [{ name: 'reason', type: 'string' }] }] as const

/** A revert as an endpoint reports it, wrapped as viem wraps it. */
function revert(data: unknown): BaseError {
  const error = { code: 3, message: 'execution reverted', data }
  return new BaseError('Outer', { cause: new RpcRequestError({ ...where, error }) })
}

test.each([
  ['an endpoint that is not there', new HttpRequestError(where), 'chain/unreachable', true],
  ['an endpoint that is too slow', new TimeoutError(where), 'chain/timeout', true],
  ['a wallet that declines', Object.assign(new Error('No'), { code: 4001 }), 'chain/user-rejected', true],
  ['a revert without data', revert('0x'), 'chain/reverted', false],
  ['something unknown', new Error('Odd'), 'chain/unreachable', true],
])('%s', (_, thrown, code, retryable) => {
  for (const error of [thrown, new BaseError('Outer', { cause: thrown })]) {
    expect(chainFailure(error, 'claim')).toMatchObject({ name: 'ChainError', code, retryable })
  }
})

test('a signer that has lost its key keeps its own words', () => {
  const lost = new AccountError('account/wrong-passphrase', 'That is not the passphrase.')
  expect(chainFailure(lost, 'deposit')).toMatchObject({
    code: 'chain/cannot-sign',
    shortMessage: 'That is not the passphrase.',
    fault: 'user',
    retryable: true,
  })
})

test.each([
  [encodeErrorResult({ abi: batchSettlementAbi, errorName: 'ClaimExceedsBalance' }), 'ClaimExceedsBalance'],
  [encodeErrorResult({ abi: errorString, errorName: 'Error', args: ['too late'] }), 'too late'],
  [toHex(0xdeadbeef), '0xdeadbeef'],
])('a revert is named: %s', (data, name) => {
  expect(chainFailure(revert(data), 'claim')).toMatchObject({
    code: 'chain/reverted',
    shortMessage: `The contract refused the claim: ${name}.`,
    fault: 'chain',
    retryable: false,
  })
})

test('a chain error stays what it is', () => {
  const error = new ChainError('chain/not-local', 'Not here.')
  expect(chainFailure(error, 'gift')).toBe(error)
})
