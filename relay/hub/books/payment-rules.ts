import type { Hex } from '../../../src/domain/bytes.ts'
import { type ChannelConfig, type Voucher, promisedBy } from '../../../src/domain/channel.ts'
import { withSpread } from '../../../src/domain/hub.ts'
import type { MicroUsd } from '../../../src/domain/price.ts'
import { isSessionOver } from '../../../src/domain/session.ts'
import { LedgerError } from '../../../src/errors/index.ts'
import type { HubJobRecord } from './hub-store.ts'

/*
 * What a hub goes by when it takes a requester's payment and pays its provider. Three ask: `checkPayment` as a payment
 * comes in, `forwardRound` for all of a round before the hub signs for them, and `bookForwardings` in the step that
 * writes, of what is on disk then.
 *
 * 1. The voucher is one of the job's own channel, and the hub's one of its own to the provider.
 * 2. A job's charge never falls, and never passes what the job may cost.
 * 3. A voucher above the best one held comes before its session key's end, is signed by it (`verifyVoucher`), and
 *    promises no more than the chain guarantees to its channel.
 * 4. What jobs and fees use up of a channel, the spread included, is covered by its vouchers and by the chain.
 * 5. The hub promises what the charges rose by, on top of its last voucher, and not a micro-dollar more.
 */

/** What a payment adds. */
export type Rise = {
  /** To the job's charge, and so to what the hub promises its provider. */
  chargeMicroUsd: MicroUsd
  /** To what is used up of the requester's channel: the same, and the spread on it. */
  attributedMicroUsd: MicroUsd
}

type Charged = Pick<HubJobRecord, 'chargeMicroUsd' | 'ceilingMicroUsd' | 'spreadMillionths'>

/** @throws LedgerError `ledger/voucher-foreign` when a voucher is not one of this channel */
export function refuseForeignVoucher(voucher: Voucher, channelId: Hex): void {
  if (voucher.channelId === channelId) return
  throw new LedgerError('ledger/voucher-foreign', 'The voucher belongs to another channel than the job.')
}

/** @throws LedgerError `ledger/overcharged` */
export function refuseOvercharge({ ceilingMicroUsd }: Charged, chargeMicroUsd: MicroUsd): void {
  if (chargeMicroUsd <= ceilingMicroUsd) return
  throw new LedgerError('ledger/overcharged', 'The charge is higher than the job may cost.')
}

/**
 * Returns what a job's next charge adds to the one before.
 * @throws LedgerError `ledger/voucher-replayed`, `ledger/overcharged`
 */
export function riseOf(job: Charged, chargeMicroUsd: MicroUsd): Rise {
  if (chargeMicroUsd < job.chargeMicroUsd) {
    throw new LedgerError('ledger/voucher-replayed', 'The job has been paid further than this already.')
  }
  refuseOvercharge(job, chargeMicroUsd)
  return {
    chargeMicroUsd: chargeMicroUsd - job.chargeMicroUsd,
    attributedMicroUsd: withSpread(chargeMicroUsd, job) - withSpread(job.chargeMicroUsd, job),
  }
}

/** @throws LedgerError `ledger/session-over` once a channel's session key signs nothing more */
export function refuseLateVoucher(config: ChannelConfig, nowSeconds: number): void {
  if (!isSessionOver(config, nowSeconds)) return
  throw new LedgerError('ledger/session-over', "A voucher came after its session key's end.", {
    fault: 'peer',
  })
}

/** @throws LedgerError `ledger/over-balance` when a voucher is not covered by the chain */
export function refuseUncoveredVoucher({ maxClaimableAmount }: Voucher, coveredMicroUsd: MicroUsd): void {
  if (maxClaimableAmount <= coveredMicroUsd) return
  throw new LedgerError('ledger/over-balance', 'The voucher promises more than the channel holds.', {
    fault: 'peer',
  })
}

/** @throws LedgerError `ledger/unattributed` when more is used up than this voucher, the best one held, promises */
export function refuseUnattributed(attributedMicroUsd: MicroUsd, voucher: Voucher | null): void {
  if (attributedMicroUsd <= promisedBy(voucher)) return
  throw new LedgerError('ledger/unattributed', 'The vouchers of this channel do not cover the payment.')
}

/** @throws LedgerError `ledger/over-balance` when more is used up than the chain guarantees */
export function refuseUncovered(attributedMicroUsd: MicroUsd, coveredMicroUsd: MicroUsd): void {
  if (attributedMicroUsd <= coveredMicroUsd) return
  throw new LedgerError('ledger/over-balance', 'The channel does not hold what the payment takes.', {
    fault: 'peer',
  })
}

/** @throws LedgerError `ledger/out-of-step` when the hub's voucher promises anything else than this */
export function refuseOutOfStep({ maxClaimableAmount }: Voucher, promisedMicroUsd: MicroUsd): void {
  if (maxClaimableAmount === promisedMicroUsd) return
  throw new LedgerError('ledger/out-of-step', "The hub's voucher does not follow its last one.")
}
