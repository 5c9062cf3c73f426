import { expect, it } from 'vitest'
import { estimateSpeed, type SpeedTrial } from './estimate-speed.ts'

const id = (byte: string) => `0x${byte.repeat(32)}` as const
const trials: SpeedTrial[] = [
  { modelId: id('a1'), weightBytes: 100e6, tokensPerSecond: 30 },
  { modelId: id('b2'), weightBytes: 1e9, tokensPerSecond: 4 },
]

it('is what was measured, where it was', () => {
  const speed = estimateSpeed({ id: id('b2'), weightBytes: 1e9 }, trials)
  expect(speed).toEqual({ tokensPerSecond: 4, scaledFrom: null })
})

it('is scaled by the bytes that a token reads, from the model closest in size', () => {
  expect(estimateSpeed({ id: id('c3'), weightBytes: 200e6 }, trials)).toEqual({
    tokensPerSecond: 15,
    scaledFrom: id('a1'),
  })
  expect(estimateSpeed({ id: id('c3'), weightBytes: 2e9 }, trials)).toEqual({
    tokensPerSecond: 2,
    scaledFrom: id('b2'),
  })
})

it('is not known where nothing ran', () => {
  expect(estimateSpeed({ id: id('c3'), weightBytes: 1e9 }, [])).toBeNull()
})
