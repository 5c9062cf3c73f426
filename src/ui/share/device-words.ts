import type { EngineProbe } from '../../state/sharing.svelte.ts'
import { formatMegabytes, formatWordRate, plural } from '../format.ts'

/** Returns what this computer can do, in one sentence. */
export function describeDevice(probe: EngineProbe, tokensPerSecond: number | null): string {
  const speed = tokensPerSecond === null ? null : `about ${formatWordRate(tokensPerSecond)}`
  if (probe.backends.length === 0) return 'This browser cannot run a model: WebAssembly is missing.'
  if (probe.backends[0] === 'webgpu' && probe.webgpu) {
    const memory = `buffers up to ${formatMegabytes(probe.webgpu.maxBufferBytes)}`
    return `This computer: WebGPU, ${[probe.webgpu.adapter, memory, speed].filter(Boolean).join(', ')}.`
  }
  const processor = `works on the processor, ${plural(probe.threads, 'thread')}`
  return `No GPU found: ${[processor, speed ?? 'slower'].join(', ')}.`
}
