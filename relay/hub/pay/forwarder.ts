import { setImmediate as nextTurn } from 'node:timers/promises'
import type { Voucher } from '../../../src/domain/channel.ts'
import { LedgerError } from '../../../src/errors/index.ts'
import { checkPayment } from './check-payment.ts'
import { forwardRound } from './forward-round.ts'
import type { CheckedPayment, ForwarderDeps, Payment } from './payment.ts'

/** Hands payments on from requesters to providers. */
export interface Forwarder {
  /**
   * Checks a payment, keeps both legs on disk and returns the hub's voucher to the provider, which covers it.
   * A payment that was kept before is answered alike. Await each payment of a job before its next one.
   *
   * @throws HubError `hub/job-refused` for a job that was never opened
   * @throws LedgerError `ledger/voucher-foreign`, `ledger/voucher-replayed`, `ledger/overcharged`,
   *   `ledger/session-over`, `ledger/over-balance`, `ledger/bad-signature`, `ledger/unattributed`
   * @throws StorageError when the disk fails; nothing is kept then
   */
  forward(payment: Payment): Promise<Voucher>
}

/** Most payments in one transaction, so that a burst does not keep the first of it waiting. */
const paymentsPerRound = 64

type Waiting = { payment: CheckedPayment; kept: PromiseWithResolvers<Voucher> }

/**
 * Builds a forwarder. It works in rounds, one at a time: what came in while a round was signed and written is the
 * next round, with one signature per provider and one transaction for all.
 */
export function createForwarder(deps: ForwarderDeps): Forwarder {
  const waiting: Waiting[] = []
  let isRunning = false

  const run = async () => {
    if (isRunning) return
    isRunning = true
    while (waiting.length > 0) {
      await nextTurn()
      await settle(waiting.splice(0, paymentsPerRound))
    }
    isRunning = false
  }

  const settle = async (round: Waiting[]): Promise<void> => {
    try {
      const outcomes = await forwardRound(
        round.map(({ payment }) => payment),
        deps,
      )
      for (const [index, { kept }] of round.entries()) {
        const outcome = outcomes[index]
        if (outcome instanceof LedgerError) kept.reject(outcome)
        else if (outcome) kept.resolve(outcome)
      }
    } catch (error) {
      // A fee that was taken meanwhile may break the rules for one of them: it must not stop the others.
      if (error instanceof LedgerError && round.length > 1) for (const one of round) await settle([one])
      else for (const { kept } of round) kept.reject(error)
    }
  }

  return {
    async forward(payment) {
      const one: Waiting = { payment: await checkPayment(payment, deps), kept: Promise.withResolvers() }
      waiting.push(one)
      void run()
      return one.kept.promise
    },
  }
}
