import { type Price, coveredTokens } from '../domain/price.ts'
import type { Voucher } from '../domain/channel.ts'
import type { ReceiverChannel } from '../ledger/receiver-channel.ts'
import type { Clock } from '../ports/index.ts'

/** What the job costs, and how far it may run ahead. */
export type GateTerms = { promptTokens: number; windowTokens: number; price: Price }

/** Lets a job run ahead of its payment by the agreed window, and no further. */
export interface PaymentGate {
  /** Takes a voucher; a bad one throws and leaves the gate as it was. */
  pay(voucher: Voucher): Promise<void>
  /** Resolves true once another token may be served, or false when payment stays out for `timeoutMs`. */
  mayServe(completionTokens: number, timeoutMs: number, signal: AbortSignal): Promise<boolean>
  /** Resolves once `charge` is paid, or after `timeoutMs`. */
  settled(charge: bigint, timeoutMs: number, signal: AbortSignal): Promise<void>
}

/** Returns a gate over one job; `channel` counts what the job was paid. */
export function createPaymentGate(channel: ReceiverChannel, terms: GateTerms, clock: Clock): PaymentGate {
  let wake = () => {}
  const until = async (isOpen: () => boolean, timeoutMs: number, signal: AbortSignal) => {
    if (isOpen()) return true
    const done = new AbortController()
    const stop = AbortSignal.any([signal, done.signal])
    const late = clock.sleep(timeoutMs, stop).catch(() => {})
    let over = false
    void late.then(() => (over = true))
    while (!isOpen() && !over && !signal.aborted) {
      await Promise.race([late, new Promise<void>((resolve) => (wake = resolve))])
    }
    done.abort()
    return isOpen()
  }
  const withinWindow = (completionTokens: number) =>
    completionTokens <
    coveredTokens(channel.paidMicroUsd(), terms.promptTokens, terms.price) + terms.windowTokens
  return {
    async pay(voucher) {
      await channel.accept(voucher)
      wake()
    },
    mayServe: (completionTokens, timeoutMs, signal) =>
      until(() => withinWindow(completionTokens), timeoutMs, signal),
    async settled(charge, timeoutMs, signal) {
      await until(() => channel.paidMicroUsd() >= charge, timeoutMs, signal)
    },
  }
}
