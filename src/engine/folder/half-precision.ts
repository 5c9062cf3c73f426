import { EngineError } from '../../errors/index.ts'
import type { Runtime } from '../worker/runtime.ts'

/** Whether transformers.js names a graph so when it computes in half precision, such as `model_q4f16.onnx`. */
export function namesHalves(path: string): boolean {
  return /_(fp16|q\d+f16)\.onnx$/.test(path)
}

/**
 * Makes sure that the GPU computes in half precision. Where it does not, such a graph compiles and fails at its first
 * step; the processor computes it with single precision in between.
 *
 * @throws EngineError `engine/no-backend`, so that another back end is tried
 */
export async function requireHalves(runtime: Pick<Runtime, 'device'>): Promise<void> {
  const { features } = await runtime.device()
  if (features.has('shader-f16')) return
  throw new EngineError(
    'engine/no-backend',
    'The GPU here has no half precision, which the graph of this folder needs.',
    { details: 'shader-f16 is missing' },
  )
}
