import { promisedBy } from '../../../src/domain/channel.ts'
import { HubError } from '../../../src/errors/index.ts'
import { verifyVoucher } from '../../../src/ledger/verify-voucher.ts'
import type { ChannelRecord } from '../../../src/ports/voucher-store.ts'
import {
  refuseForeignVoucher,
  refuseLateVoucher,
  refuseOvercharge,
  refuseUncoveredVoucher,
} from '../books/payment-rules.ts'
import type { CheckedPayment, ForwarderDeps, Payment } from './payment.ts'
import { refuseRefunding } from './refunds.ts'

/**
 * Checks a payment by itself, as far as nothing else that is under way can change the answer.
 * A voucher that is no higher than the kept one adds nothing, so its signature is not looked at.
 *
 * @throws HubError `hub/job-refused`
 * @throws LedgerError `ledger/voucher-foreign`, `ledger/overcharged`, `ledger/session-over`, `ledger/over-balance`,
 *   `ledger/bad-signature`
 */
export async function checkPayment(payment: Payment, deps: ForwarderDeps): Promise<CheckedPayment> {
  const { jobId, chargeMicroUsd, voucher } = payment
  const job = await deps.store.job(jobId)
  if (!job) throw unknownJob()
  refuseForeignVoucher(voucher, job.payerChannelId)
  refuseOvercharge(job, chargeMicroUsd)
  const channel = await deps.store.channel(job.payerChannelId, 'receiver')
  if (!channel) throw unknownJob()
  await refuseRefunding(channel.channelId, deps.store)
  const coveredMicroUsd = await deps.coveredMicroUsd(channel.channelId)
  const checked = { ...payment, coveredMicroUsd }
  if (voucher.maxClaimableAmount > promisedBy(channel.voucher)) await checkHigher(checked, channel, deps)
  return checked
}

async function checkHigher(
  { voucher, coveredMicroUsd }: CheckedPayment,
  { channelId, config }: ChannelRecord,
  { clock, network }: ForwarderDeps,
): Promise<void> {
  refuseLateVoucher(config, clock.nowMs() / 1000)
  refuseUncoveredVoucher(voucher, coveredMicroUsd)
  await verifyVoucher(voucher, { channelId, payerAuthorizer: config.payerAuthorizer }, network)
}

function unknownJob(): HubError {
  return new HubError('hub/job-refused', 'This job was not opened here.')
}
