import { BaseError, type ErrorCode } from '../src/errors/index.ts'

const traits = {
  'tools/no-browser': { fault: 'user', retryable: false },
  'tools/port-in-use': { fault: 'user', retryable: false },
  'tools/data-in-use': { fault: 'user', retryable: false },
  'tools/bad-option': { fault: 'user', retryable: false },
  'tools/not-started': { fault: 'self', retryable: true },
  'tools/build-failed': { fault: 'self', retryable: false },
  'tools/check-failed': { fault: 'self', retryable: false },
} as const satisfies Record<ErrorCode, { fault: 'self' | 'user'; retryable: boolean }>

/** Codes of `ToolError`. */
export type ToolErrorCode = keyof typeof traits

/** What goes wrong on a developer's machine, with the way out in its message. */
export class ToolError extends BaseError<ToolErrorCode> {
  override name = 'ToolError'

  constructor(code: ToolErrorCode, shortMessage: string, options?: { details?: string; cause?: unknown }) {
    super(code, shortMessage, traits[code], options)
  }
}
