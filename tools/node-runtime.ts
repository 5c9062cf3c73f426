import { createHash } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import type { MeasurePlace } from '../src/engine/measure/measure-model.ts'

const path = createRequire(import.meta.url).resolve('onnxruntime-web/ort-wasm-simd-threaded.wasm')
const program = new Uint8Array(readFileSync(path))

/** Where Node runs a model: the runtime's plain WebAssembly build, as the package holds it. */
export const nodePlace: MeasurePlace = {
  threads: 1,
  runtimeFiles: {
    programHash: `0x${createHash('sha256').update(program).digest('hex')}`,
    program: program.buffer,
  },
  runStep: (step) => step(),
  nowMs: () => performance.now(),
  browser: 'Node',
}
