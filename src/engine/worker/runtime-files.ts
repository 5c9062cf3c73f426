import webgpuScript from 'onnxruntime-web/ort-wasm-simd-threaded.asyncify.mjs?url'
import webgpuWasm from 'onnxruntime-web/ort-wasm-simd-threaded.asyncify.wasm?url'
import wasmScript from 'onnxruntime-web/ort-wasm-simd-threaded.mjs?url'
import plainWasm from 'onnxruntime-web/ort-wasm-simd-threaded.wasm?url'
import { EngineError } from '../../errors/index.ts'
import type { Backend } from '../../ports/engine.ts'
import type { RuntimeFiles } from './runtime.ts'

/** The plain build is twice as fast on the processor as the one that also knows WebGPU. */
const addresses: Record<Backend, { wasm: string; script: string }> = {
  wasm: { wasm: plainWasm, script: wasmScript },
  webgpu: { wasm: webgpuWasm, script: webgpuScript },
}

/** Reads the runtime's files from our own origin. */
export async function fetchRuntimeFiles(backend: Backend, signal?: AbortSignal): Promise<RuntimeFiles> {
  const { wasm, script } = addresses[backend]
  const response = await fetch(wasm, { signal })
  if (!response.ok) {
    throw new EngineError('engine/load-failed', 'The runtime could not be read.', {
      details: `${wasm}: ${response.status}`,
    })
  }
  return { wasm: await response.arrayBuffer(), scriptUrl: new URL(script, self.location.href).href }
}
