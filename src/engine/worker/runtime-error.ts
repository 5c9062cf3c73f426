import { BaseError, EngineError, type EngineErrorCode } from '../../errors/index.ts'

/** Names what the runtime or the browser threw; running out of memory is told apart by its words. */
export function nameRuntimeError(error: unknown, code: EngineErrorCode, shortMessage: string): BaseError {
  if (error instanceof BaseError) return error
  const details = error instanceof Error ? error.message : String(error)
  if (/out of memory|bad_alloc|allocation (failed|size)|failed to allocate|unable to grow/i.test(details)) {
    return new EngineError('engine/out-of-memory', 'The memory here is too small for this.', {
      cause: error,
      details,
    })
  }
  return new EngineError(code, shortMessage, { cause: error, details })
}
