import type { Random } from '../../src/ports/random.ts'
import { assert, assertEqual, type ConformanceCase } from './case.ts'

/** What every `Random` keeps to. */
export const randomCases: ConformanceCase<Random>[] = [
  {
    name: 'gives as many bytes as asked for, none and many',
    async run(random) {
      for (const length of [0, 1, 32, 200_000]) assertEqual(random.bytes(length).length, length, 'bytes')
    },
  },
  {
    name: 'never repeats itself',
    async run(random) {
      const drawn = Array.from({ length: 500 }, () => random.bytes(16).join())
      assertEqual(new Set(drawn).size, drawn.length, 'different draws')
    },
  },
  {
    name: 'gives every byte about as often',
    async run(random) {
      const counts = Array.from({ length: 256 }, () => 0)
      for (const byte of random.bytes(256 * 400)) counts[byte]! += 1
      assert(
        counts.every((count) => count > 250 && count < 550),
        'no byte is rare or common',
      )
    },
  },
]
