import type { Backend, EngineProbe } from '../ports/engine.ts'

/** Threads beyond this add little to a decode step, and take the machine from its owner. */
const mostThreads = 4

/** Finds out what this machine can run a model with. It asks what works, never for a browser's name. */
export async function probeMachine(): Promise<EngineProbe> {
  const adapter = await requestAdapter()
  const storage = await estimateStorage()
  const isolated = globalThis.crossOriginIsolated === true
  const { backends, reason } = rankBackends(adapter)
  return {
    webgpu: adapter && {
      adapter: describeAdapter(adapter),
      shaderF16: adapter.features.has('shader-f16'),
      maxBufferBytes: adapter.limits.maxBufferSize,
      maxBindingBytes: adapter.limits.maxStorageBufferBindingSize,
    },
    crossOriginIsolated: isolated,
    threads: isolated ? countThreads(navigator.hardwareConcurrency) : 1,
    memoryBytes: readMemory(),
    storageBytes: storage,
    backends,
    reason,
  }
}

/** One core stays with the page: threads wait for each other, so a single one that is held up holds up all. */
function countThreads(cores: number): number {
  return Math.max(1, Math.min(cores - 1, mostThreads))
}

function rankBackends(adapter: GPUAdapter | null): { backends: Backend[]; reason: string } {
  // The runtime is a WebAssembly program on either back end.
  if (typeof WebAssembly !== 'object') {
    return { backends: [], reason: 'This browser runs no WebAssembly, and so no model.' }
  }
  if (!adapter) {
    return { backends: ['wasm'], reason: 'The browser offers no GPU here, so the processor computes.' }
  }
  if (isSoftware(adapter)) {
    const reason = 'The GPU here is only imitated, so the processor computes directly.'
    return { backends: ['wasm', 'webgpu'], reason }
  }
  return { backends: ['webgpu', 'wasm'], reason: `The GPU computes (${describeAdapter(adapter)}).` }
}

/** Adapters that run on the processor say so, or name the program that imitates a GPU. */
function isSoftware({ info }: GPUAdapter): boolean {
  const names = `${info.architecture} ${info.device} ${info.description}`
  return info.isFallbackAdapter === true || /swiftshader|llvmpipe|software|basic render/i.test(names)
}

function describeAdapter({ info }: GPUAdapter): string {
  return [info.vendor, info.architecture, info.description].filter(Boolean).join(' ') || 'unnamed'
}

async function requestAdapter(): Promise<GPUAdapter | null> {
  try {
    return (await navigator.gpu?.requestAdapter({ powerPreference: 'high-performance' })) ?? null
  } catch {
    return null
  }
}

/** The Device Memory API tells gibibytes. TypeScript's own description of browsers leaves it out. */
function readMemory(): number | null {
  const { deviceMemory } = navigator as { deviceMemory?: number }
  return deviceMemory === undefined ? null : deviceMemory * 2 ** 30
}

async function estimateStorage(): Promise<number | null> {
  try {
    const { quota = 0, usage = 0 } = await navigator.storage.estimate()
    return quota - usage
  } catch {
    return null
  }
}
