import { BaseError, HttpRequestError, InsufficientFundsError, NonceTooLowError, TimeoutError } from 'viem'
import { ChainError, BaseError as OwnError } from '../errors/index.ts'
import { findCause, hasCode } from './find-cause.ts'
import { revertReason } from './revert-reason.ts'

/** EIP-1193: the person said no. */
const userRejectedCode = 4001

/** Returns what was thrown while doing something, such as `deposit`, as a `ChainError`. */
export function chainFailure(cause: unknown, doing: string): ChainError {
  if (cause instanceof ChainError) return cause
  // Nothing but a signer throws other errors of ours: an account that is gone, or cannot be read.
  if (cause instanceof OwnError)
    return new ChainError('chain/cannot-sign', cause.shortMessage, { ...traits(cause), cause })
  const details = cause instanceof BaseError ? cause.shortMessage : String(cause)
  const options = { cause, details }
  const is = (kind: Kind) => isCausedBy(cause, kind)

  if (findCause(cause, hasCode(userRejectedCode)) !== null) {
    return new ChainError('chain/user-rejected', 'The signature was declined.', options)
  }
  if (is(InsufficientFundsError)) {
    return new ChainError('chain/insufficient-funds', 'The account has too little gas for this.', options)
  }
  if (is(NonceTooLowError)) {
    const message = `Another tab sent a transaction during the ${doing}. Try again.`
    return new ChainError('chain/reverted', message, { ...options, retryable: true })
  }
  const reason = revertReason(cause)
  if (reason !== null) {
    return new ChainError('chain/reverted', `The contract refused the ${doing}: ${reason}.`, options)
  }
  if (is(TimeoutError)) {
    return new ChainError('chain/timeout', `The chain took too long over the ${doing}.`, options)
  }
  const message = is(HttpRequestError)
    ? 'The chain cannot be reached.'
    : `The chain did not accept the ${doing}.`
  return new ChainError('chain/unreachable', message, options)
}

/** Whether the endpoint did not answer, so that nobody knows whether the request arrived. */
export function isOutage(cause: unknown): boolean {
  return isCausedBy(cause, HttpRequestError) || isCausedBy(cause, TimeoutError)
}

function isCausedBy(cause: unknown, kind: Kind): boolean {
  return findCause(cause, (link) => link instanceof kind) !== null
}

const traits = ({ fault, retryable }: OwnError) => ({ fault, retryable })

type Kind = abstract new (...args: never[]) => Error
