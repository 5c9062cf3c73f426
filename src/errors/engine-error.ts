import { BaseError, type ErrorOptions, type ErrorTraits } from './base-error.ts'

const traits = {
  'engine/no-backend': { fault: 'self', retryable: false },
  'engine/unsupported-model': { fault: 'self', retryable: false },
  'engine/malformed-model': { fault: 'self', retryable: false },
  'engine/incomplete-model': { fault: 'self', retryable: true },
  'engine/load-failed': { fault: 'self', retryable: true },
  'engine/known-answer-failed': { fault: 'self', retryable: false },
  'engine/not-loaded': { fault: 'self', retryable: true },
  'engine/busy': { fault: 'self', retryable: true },
  'engine/not-finite': { fault: 'self', retryable: false },
  'engine/context-exceeded': { fault: 'user', retryable: false },
  'engine/invalid-settings': { fault: 'user', retryable: false },
  'engine/device-lost': { fault: 'self', retryable: true },
  'engine/out-of-memory': { fault: 'self', retryable: true },
  'engine/worker-lost': { fault: 'self', retryable: true },
  'engine/timeout': { fault: 'self', retryable: true },
  'engine/cancelled': { fault: 'user', retryable: true },
} as const satisfies Record<string, ErrorTraits>

/** Codes of `EngineError`. */
export type EngineErrorCode = keyof typeof traits

/** Whether a code that crossed the worker boundary is one of this family. */
export function isEngineErrorCode(code: string): code is EngineErrorCode {
  return Object.hasOwn(traits, code)
}

/** What goes wrong with loading and running a model. */
export class EngineError extends BaseError<EngineErrorCode> {
  override name = 'EngineError'

  constructor(code: EngineErrorCode, shortMessage: string, options?: ErrorOptions) {
    super(code, shortMessage, traits[code], options)
  }
}
