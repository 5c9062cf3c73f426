import { afterEach, expect, test, vi } from 'vitest'
import { probeMachine } from './probe.ts'

afterEach(() => void vi.unstubAllGlobals())

type AdapterInfo = Partial<GPUAdapterInfo>

/** A browser with an adapter, with none (null), or without WebGPU (undefined). */
function stubBrowser(info: AdapterInfo | null | undefined, cores = 8): void {
  const adapter = info && {
    info: { vendor: '', architecture: '', device: '', description: '', ...info },
    features: new Set(['shader-f16']),
    limits: { maxBufferSize: 1024, maxStorageBufferBindingSize: 512 },
  }
  vi.stubGlobal('navigator', {
    hardwareConcurrency: cores,
    deviceMemory: 8,
    gpu: info === undefined ? undefined : { requestAdapter: async () => adapter },
    storage: { estimate: async () => ({ quota: 100, usage: 30 }) },
  })
  vi.stubGlobal('crossOriginIsolated', true)
}

test('a real GPU comes first, and is named', async () => {
  stubBrowser({ vendor: 'nvidia', architecture: 'ampere' })
  expect(await probeMachine()).toEqual({
    webgpu: { adapter: 'nvidia ampere', shaderF16: true, maxBufferBytes: 1024, maxBindingBytes: 512 },
    crossOriginIsolated: true,
    threads: 4,
    memoryBytes: 8 * 2 ** 30,
    storageBytes: 70,
    backends: ['webgpu', 'wasm'],
    reason: 'The GPU computes (nvidia ampere).',
  })
})

test.each<AdapterInfo>([
  { isFallbackAdapter: true },
  { vendor: 'google', architecture: 'swiftshader' },
  { description: 'llvmpipe (LLVM 19)' },
])('an imitated GPU comes last: %o', async (info) => {
  stubBrowser(info)
  expect((await probeMachine()).backends).toEqual(['wasm', 'webgpu'])
})

test.each([null, undefined])('without a GPU (%s) the processor computes', async (info) => {
  stubBrowser(info)
  expect(await probeMachine()).toMatchObject({ webgpu: null, backends: ['wasm'] })
})

test('a browser without WebAssembly can run nothing', async () => {
  stubBrowser({ vendor: 'nvidia' })
  vi.stubGlobal('WebAssembly', undefined)
  expect(await probeMachine()).toMatchObject({ backends: [], reason: expect.stringContaining('no model') })
})

test('one core is left to the page, and without isolation there is one thread', async () => {
  stubBrowser(null, 2)
  expect((await probeMachine()).threads).toBe(1)
  stubBrowser(null, 16)
  vi.stubGlobal('crossOriginIsolated', false)
  expect((await probeMachine()).threads).toBe(1)
})
