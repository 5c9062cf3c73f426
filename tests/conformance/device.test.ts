import { describe, test } from 'vitest'
import { createMemoryAccount } from '../../src/chain/key-signer.ts'
import { ManualClock } from '../../src/device/manual-clock.ts'
import { ManualDevice } from '../../src/device/manual-device.ts'
import { createSeededRandom } from '../../src/device/seeded-random.ts'
import { systemClock } from '../../src/device/system-clock.ts'
import { systemRandom } from '../../src/device/system-random.ts'
import { clockCases } from './clock.ts'
import { deviceCases } from './device.ts'
import { randomCases } from './random.ts'
import { signerCases } from './signer.ts'

describe("the machine's clock", () => {
  const pass = (ms: number) => systemClock.sleep(ms)
  test.each(clockCases)('$name', ({ run }) => run({ clock: systemClock, pass }))
})

describe('a clock driven by hand', () => {
  test.each(clockCases)('$name', ({ run }) => {
    const clock = new ManualClock()
    return run({ clock, pass: (ms) => clock.advance(ms) })
  })
})

describe("the machine's randomness", () => {
  test.each(randomCases)('$name', ({ run }) => run(systemRandom))
})

describe('randomness that repeats', () => {
  test.each(randomCases)('$name', ({ run }) => run(createSeededRandom(1)))
})

describe('an account in memory', () => {
  test.each(signerCases)('$name', ({ run }) => run(createMemoryAccount()))
})

describe('a machine driven by hand', () => {
  test.each(deviceCases)('$name', ({ run }) => {
    const device = new ManualDevice()
    return run({ device, touch: () => device.set({ lastInputMs: 1 }) })
  })
})
