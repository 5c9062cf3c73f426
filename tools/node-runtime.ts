import { createHash } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import type { MeasurePlace } from '../src/engine/measure/measure-model.ts'
import type { RuntimeFiles } from '../src/engine/worker/runtime.ts'

let files: RuntimeFiles | undefined

/** Where Node runs a model: the runtime's plain WebAssembly build, as the package holds it. */
export const nodePlace: MeasurePlace = {
  threads: 1,
  // Who only asks a tool for its help needs none of it.
  get runtimeFiles() {
    return (files ??= readFiles())
  },
  runStep: (step) => step(),
  nowMs: () => performance.now(),
  browser: 'Node',
}

function readFiles(): RuntimeFiles {
  const path = createRequire(import.meta.url).resolve('onnxruntime-web/ort-wasm-simd-threaded.wasm')
  const program = new Uint8Array(readFileSync(path))
  return {
    programHash: `0x${createHash('sha256').update(program).digest('hex')}`,
    program: program.buffer,
  }
}
