import webgpuScript from 'onnxruntime-web/ort-wasm-simd-threaded.asyncify.mjs?url'
import webgpuHash from 'onnxruntime-web/ort-wasm-simd-threaded.asyncify.wasm?sha256'
import webgpuProgram from 'onnxruntime-web/ort-wasm-simd-threaded.asyncify.wasm?url'
import wasmScript from 'onnxruntime-web/ort-wasm-simd-threaded.mjs?url'
import wasmHash from 'onnxruntime-web/ort-wasm-simd-threaded.wasm?sha256'
import wasmProgram from 'onnxruntime-web/ort-wasm-simd-threaded.wasm?url'
import type { Backend } from '../../ports/engine.ts'
import type { RuntimeFiles } from './runtime.ts'

const absolute = (path: string) => new URL(path, self.location.href).href

/**
 * The runtime's files on our own origin. The plain build is twice as fast on the processor as the one that also knows
 * WebGPU.
 */
export const runtimeFiles: Record<Backend, RuntimeFiles> = {
  wasm: {
    programHash: wasmHash,
    program: { url: absolute(wasmProgram), scriptUrl: absolute(wasmScript) },
  },
  webgpu: {
    programHash: webgpuHash,
    program: { url: absolute(webgpuProgram), scriptUrl: absolute(webgpuScript) },
  },
}
