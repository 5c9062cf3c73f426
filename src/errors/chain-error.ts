import { BaseError, type ErrorOptions, type ErrorTraits } from './base-error.ts'

const traits = {
  'chain/unreachable': { fault: 'chain', retryable: true },
  'chain/reverted': { fault: 'chain', retryable: false },
  'chain/user-rejected': { fault: 'user', retryable: true },
  'chain/insufficient-funds': { fault: 'user', retryable: false },
  'chain/wrong-network': { fault: 'user', retryable: false },
  'chain/wrong-account': { fault: 'user', retryable: true },
  'chain/wallet-missing': { fault: 'user', retryable: true },
  'chain/wallet-failed': { fault: 'user', retryable: true },
  'chain/not-local': { fault: 'user', retryable: false },
  'chain/timeout': { fault: 'chain', retryable: true },
  /** The network has no earnings bond. */
  'chain/no-bond': { fault: 'user', retryable: false },
  /** The network has no registry of models. */
  'chain/no-registry': { fault: 'user', retryable: false },
  /** The token takes Permit2's allowance in a transaction of the payer's own only. */
  'chain/allowance-needed': { fault: 'user', retryable: false },
  /** Sent and not seen in a block yet. It may still happen: look at the chain before doing it again. */
  'chain/unconfirmed': { fault: 'chain', retryable: false },
  /** Another transaction took its number: it will never happen, so doing it again is safe. */
  'chain/replaced': { fault: 'chain', retryable: true },
  'chain/cannot-sign': { fault: 'self', retryable: false },
  'chain/port-in-use': { fault: 'user', retryable: false },
  'chain/not-started': { fault: 'self', retryable: false },
} as const satisfies Record<string, ErrorTraits>

/** Codes of `ChainError`. */
export type ChainErrorCode = keyof typeof traits

/** What goes wrong with the chain, its contracts or the wallet. */
export class ChainError extends BaseError<ChainErrorCode> {
  override name = 'ChainError'

  constructor(code: ChainErrorCode, shortMessage: string, options?: ErrorOptions) {
    super(code, shortMessage, traits[code], options)
  }
}
