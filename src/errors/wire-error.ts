import { BaseError, type ErrorCode, type Fault } from './base-error.ts'

/** An error flattened for `postMessage`: `structuredClone` would drop class and code. */
export type WireError = {
  code: ErrorCode
  shortMessage: string
  fault: Fault
  retryable: boolean
  details?: string
}

/** Flattens any thrown value for the worker boundary. */
export function toWireError(error: unknown, fallback: ErrorCode): WireError {
  if (error instanceof BaseError) {
    const { code, shortMessage, fault, retryable, details } = error
    return { code, shortMessage, fault, retryable, ...(details ? { details } : {}) }
  }
  const shortMessage = error instanceof Error ? error.message : String(error)
  return { code: fallback, shortMessage, fault: 'self', retryable: true }
}
