import { EngineError, type EngineErrorCode } from '../errors/index.ts'

/** After one of these a worker computes no more, whatever it is asked. */
const losses: readonly EngineErrorCode[] = [
  'engine/device-lost',
  'engine/out-of-memory',
  'engine/worker-lost',
  'engine/timeout',
]

/** Whether an error says that the worker is gone, and not that it was asked something wrong. */
export function isLoss(error: unknown): error is EngineError {
  return error instanceof EngineError && losses.includes(error.code)
}
