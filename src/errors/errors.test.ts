import { expect, test } from 'vitest'
import { BaseError, ChainError, EngineError, fromWireError, toWireError } from './index.ts'

test('an error keeps its code and traits through a structured clone', () => {
  const error = new EngineError('engine/device-lost', 'The GPU went away.', { details: 'reset' })
  const back = fromWireError(structuredClone(toWireError(error, 'engine/worker-lost')))
  expect(back).toBeInstanceOf(BaseError)
  expect(back).toMatchObject({
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

test('walk finds a cause by test, and the deepest without one', () => {
  const root = new Error('root')
  const middle = new EngineError('engine/load-failed', 'middle', { cause: root })
  const top = new ChainError('chain/timeout', 'top', { cause: middle })
  expect(top.walk()).toBe(root)
  expect(top.walk((error) => error instanceof EngineError)).toBe(middle)
  expect(top.walk((error) => error instanceof TypeError)).toBeNull()
})
