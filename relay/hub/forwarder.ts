import { setImmediate as nextTurn } from 'node:timers/promises'
import type { Hex } from '../../src/domain/bytes.ts'
import type { Voucher } from '../../src/domain/channel.ts'
import type { Network } from '../../src/domain/network.ts'
import type { MicroUsd } from '../../src/domain/price.ts'
import { LedgerError } from '../../src/errors/index.ts'
import type { Clock, Signer } from '../../src/ports/index.ts'
import { type CheckedPayment, checkPayment } from './check-payment.ts'
import { forwardRound } from './forward-round.ts'
import type { HubStore } from './hub-store.ts'

/** A requester's payment for a job. */
export type Payment = {
  jobId: Hex
  /** What the job is charged in all; the spread is on top. */
  chargeMicroUsd: MicroUsd
  /** Any voucher of the requester's channel; the highest one that the hub holds counts. */
  voucher: Voucher
}

/** What a forwarder works with. */
export type ForwarderDeps = {
  store: HubStore
  network: Pick<Network, 'chainId' | 'settlement'>
  /** Hub's account: signs the vouchers to providers. */
  signer: Signer
  clock: Pick<Clock, 'nowMs'>
  /** What the chain guarantees to a requester's channel: its balance, less what is being withdrawn. */
  coveredMicroUsd(channelId: Hex): Promise<MicroUsd>
}

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
