import { expect, test } from 'vitest'
import { countIdleBytes } from '../../domain/count-slots.ts'
import { nextCapacity } from './device-cache.ts'

test.each([1000, 1281, 4096, 40_960])(
  'a text of %d tokens is kept when it ended, however its room grew',
  (contextTokens) => {
    const cacheBytesPerToken = 393_216
    const idleBytes = countIdleBytes({
      weightBytes: 0,
      cacheBytesPerToken,
      contextTokens,
      memoryBytes: 2 ** 50,
    })
    let capacity = 0
    let largest = 0
    for (let length = 1; length <= contextTokens; length++) {
      if (length > capacity) capacity = nextCapacity(length, capacity)
      largest = Math.max(largest, capacity)
    }
    expect(largest * cacheBytesPerToken).toBeLessThanOrEqual(idleBytes)
  },
)
