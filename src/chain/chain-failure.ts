import {
  BaseError,
  HttpRequestError,
  InsufficientFundsError,
  NonceTooLowError,
  TimeoutError,
  UserRejectedRequestError,
  WaitForTransactionReceiptTimeoutError,
} from 'viem'
import { ChainError } from '../errors/index.ts'
import { revertReason } from './revert-reason.ts'

/** Returns what was thrown while doing something, such as `deposit`, as a `ChainError`. */
export function chainFailure(cause: unknown, doing: string): ChainError {
  if (cause instanceof ChainError) return cause
  const details = cause instanceof BaseError ? cause.shortMessage : String(cause)
  const fail = (
    code: ConstructorParameters<typeof ChainError>[0],
    shortMessage: string,
    retryable?: boolean,
  ) =>
    new ChainError(code, shortMessage, { cause, details, ...(retryable === undefined ? {} : { retryable }) })

  if (isRejection(cause)) return fail('chain/user-rejected', 'The signature was declined.')
  if (find(cause, InsufficientFundsError)) {
    return fail('chain/insufficient-funds', 'The account has too little gas for this.')
  }
  if (find(cause, NonceTooLowError)) {
    return fail('chain/reverted', `Another tab sent a transaction during the ${doing}. Try again.`, true)
  }
  const revert = revertReason(cause)
  if (revert !== null) return fail('chain/reverted', `The contract refused the ${doing}: ${revert}.`)
  if (find(cause, TimeoutError) || find(cause, WaitForTransactionReceiptTimeoutError)) {
    return fail('chain/timeout', `The chain took too long over the ${doing}.`)
  }
  if (find(cause, HttpRequestError)) return fail('chain/unreachable', 'The chain cannot be reached.')
  return fail('chain/unreachable', `The chain did not accept the ${doing}.`)
}

/** Wallets reject with EIP-1193 code 4001, whatever the class. */
function isRejection(error: unknown): boolean {
  if (find(error, UserRejectedRequestError)) return true
  return typeof error === 'object' && error !== null && 'code' in error && error.code === 4001
}

type ErrorClass<error> = abstract new (...args: never[]) => error

function find<error>(thrown: unknown, kind: ErrorClass<error>): error | null {
  if (thrown instanceof kind) return thrown
  if (!(thrown instanceof BaseError)) return null
  const found = thrown.walk((cause) => cause instanceof kind)
  return found instanceof kind ? found : null
}
