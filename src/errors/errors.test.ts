import { expect, test } from 'vitest'
import { ChainError, EngineError, toWireError } from './index.ts'

test('an error keeps its code and traits through a structured clone', () => {
  const error = new EngineError('engine/device-lost', 'The GPU went away.', { details: 'reset' })
  expect(structuredClone(toWireError(error, 'engine/worker-lost'))).toEqual({
    code: 'engine/device-lost',
    shortMessage: 'The GPU went away.',
    fault: 'self',
    retryable: true,
    details: 'reset',
  })
})

test('a stranger gets the fallback code', () => {
  expect(toWireError(new TypeError('no'), 'engine/load-failed')).toMatchObject({
    code: 'engine/load-failed',
    shortMessage: 'no',
  })
})

test('only code and sentence cross to a peer', () => {
  const error = new ChainError('chain/reverted', 'The claim was refused.', { details: 'key 0xabc' })
  expect(error.toPeer()).toEqual({ code: 'chain/reverted', shortMessage: 'The claim was refused.' })
})
