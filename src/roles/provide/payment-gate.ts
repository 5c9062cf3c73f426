import { type MicroUsd, type Price, coveredTokens } from '../../domain/price.ts'
import type { Clock } from '../../ports/index.ts'
import { withinOrNull } from '../common/within.ts'
import type { JobPayments } from '../earn/job-payments.ts'

/** What the job costs, and how far it may run ahead once its first token is paid. */
export type GateTerms = { promptTokens: number; windowTokens: number; price: Price }

/**
 * Lets a job run ahead of its payment by its window, and no further. Until the prompt and the first token are paid, that
 * token is all there is: whoever pays nothing gets the prompt read for one token of an answer.
 */
export interface PaymentGate {
  /** Resolves true once another token may be served, or false when payment stays out for `timeoutMs`. */
  mayServe(completionTokens: number, timeoutMs: number, signal: AbortSignal): Promise<boolean>
  /** Resolves once `charge` is paid, or after `timeoutMs`. */
  settled(charge: MicroUsd, timeoutMs: number, signal: AbortSignal): Promise<void>
}

/** Returns a gate over one job, which opens as payments come in. */
export function createPaymentGate(payments: JobPayments, terms: GateTerms, clock: Clock): PaymentGate {
  const until = async (isOpen: () => boolean, timeoutMs: number, signal: AbortSignal) => {
    if (isOpen()) return true
    const { promise: opened, resolve } = Promise.withResolvers<void>()
    const unwatch = payments.watchPaid(() => isOpen() && resolve())
    await withinOrNull(timeoutMs, opened, clock, signal)
    unwatch()
    return isOpen()
  }
  const withinWindow = (completionTokens: number) => {
    const covered = coveredTokens(payments.paidMicroUsd(), terms.promptTokens, terms.price)
    return completionTokens < (covered > 0 ? covered + terms.windowTokens : 1)
  }
  return {
    mayServe: (completionTokens, timeoutMs, signal) =>
      until(() => withinWindow(completionTokens), timeoutMs, signal),
    async settled(charge, timeoutMs, signal) {
      await until(() => payments.paidMicroUsd() >= charge, timeoutMs, signal)
    },
  }
}
