import { readFile } from 'node:fs/promises'
import { createRequire } from 'node:module'
import type { MeasurePlace } from '../src/engine/measure/measure-model.ts'

/** Where Node runs a model: the runtime's plain WebAssembly build, as the package holds it. */
export const nodePlace: MeasurePlace = {
  threads: 1,
  fetchRuntime: async () => ({ wasm: await readRuntime(), scriptUrl: undefined }),
  runStep: (step) => step(),
  nowMs: () => performance.now(),
  browser: 'Node',
}

async function readRuntime(): Promise<ArrayBuffer> {
  const path = createRequire(import.meta.url).resolve('onnxruntime-web/ort-wasm-simd-threaded.wasm')
  return new Uint8Array(await readFile(path)).buffer
}
