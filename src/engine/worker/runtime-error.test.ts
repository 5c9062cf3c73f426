import { expect, test } from 'vitest'
import { EngineError } from '../../errors/index.ts'
import { nameRuntimeError } from './runtime-error.ts'

test.each([
  [new RangeError('Array buffer allocation failed'), 'engine/out-of-memory'],
  [new Error("Can't create a session. ERROR_CODE: 6, ERROR_MESSAGE: std::bad_alloc"), 'engine/out-of-memory'],
  [new Error('Out of memory'), 'engine/out-of-memory'],
  [new RangeError('WebAssembly.Memory.grow(): Unable to grow instance memory'), 'engine/out-of-memory'],
  ['the graph is invalid', 'engine/load-failed'],
  [new EngineError('engine/malformed-model', 'Short.'), 'engine/malformed-model'],
])('%s becomes %s', (error, code) => {
  expect(nameRuntimeError(error, 'engine/load-failed', 'Refused.').code).toBe(code)
})
