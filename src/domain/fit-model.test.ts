import { describe, expect, it } from 'vitest'
import { fitModel, type MachineLimits } from './fit-model.ts'
import type { ModelNeeds } from './model-needs.ts'

const gibibyte = 2 ** 30
const billion = (weights: number): ModelNeeds => ({
  downloadBytes: weights * 0.6e9,
  weightBytes: weights * 1e9,
  largestMatrixBytes: weights * 0.2e9,
  cacheBytesPerToken: 1e5,
})
const use = { slots: 2, contextTokens: 8192 }
const roomy: MachineLimits = { backends: ['webgpu', 'wasm'], memoryBytes: null, gpuMatrixBytes: null }

describe('a model fits', () => {
  it('on the best back end where nothing speaks against it', () => {
    expect(fitModel(billion(1), use, roomy)).toMatchObject({
      fits: true,
      backend: 'webgpu',
      thereBytes: null,
    })
  })

  it('on the next one where the GPU takes no matrix as large as its vocabulary', () => {
    const machine = { ...roomy, gpuMatrixBytes: 128 * 2 ** 20 }
    expect(fitModel(billion(1), use, machine)).toMatchObject({ fits: true, backend: 'wasm' })
  })

  it('in half of the memory, with its weights twice, its answers, and the page', () => {
    const fit = fitModel(billion(1), use, { ...roomy, memoryBytes: 8 * gibibyte })
    expect(fit).toMatchObject({ fits: true, thereBytes: 4 * gibibyte })
    const answers = 2 * 2048 * 1e5
    expect(fit.fits && fit.neededBytes).toBeCloseTo(2e9 + answers + 0.4 * gibibyte)
  })
})

describe('a model does not fit', () => {
  it('where it needs more than half of the memory', () => {
    const fit = fitModel(billion(1), use, { ...roomy, memoryBytes: 4 * gibibyte })
    expect(fit).toMatchObject({ fits: false, shortage: { of: 'memory', thereBytes: 2 * gibibyte } })
  })

  it('where its weights are beyond what a program on the processor can address', () => {
    const fit = fitModel(billion(5), use, { ...roomy, backends: ['wasm'] })
    expect(fit).toMatchObject({ fits: false, shortage: { of: 'program', thereBytes: 4 * gibibyte } })
  })

  it('where only a GPU computes that takes no such matrix', () => {
    const fit = fitModel(billion(1), use, { ...roomy, backends: ['webgpu'], gpuMatrixBytes: 1e8 })
    expect(fit).toEqual({
      fits: false,
      shortage: { of: 'gpu-matrix', neededBytes: 0.2e9, thereBytes: 1e8 },
    })
  })

  it('where nothing computes', () => {
    expect(fitModel(billion(1), use, { ...roomy, backends: [] })).toEqual({ fits: false, shortage: null })
  })

  it('with as many answers as the memory has no room for', () => {
    const machine = { ...roomy, memoryBytes: 6 * gibibyte }
    expect(fitModel(billion(1), { ...use, slots: 1 }, machine).fits).toBe(true)
    expect(fitModel(billion(1), { ...use, slots: 8 }, machine).fits).toBe(false)
  })
})
