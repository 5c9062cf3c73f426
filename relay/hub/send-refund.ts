import type { Hex } from '../../src/domain/bytes.ts'
import type { ChannelConfig, Voucher } from '../../src/domain/channel.ts'
import type { MicroUsd } from '../../src/domain/price.ts'
import { isSessionOver } from '../../src/domain/session.ts'
import { HubError } from '../../src/errors/index.ts'
import { verifyRefundRequest } from '../../src/ledger/sign-hub.ts'
import {
  type PayerChannel,
  checkFeeVoucher,
  higher,
  keepPayerChannel,
  readPayerChannel,
} from './payer-channel.ts'
import { type Done, type SendDeps, done } from './send-deps.ts'

const maxAgeSeconds = 120

/** A payer's signed wish for its money, and the voucher that pays for it. */
export type RefundOrder = {
  channel: ChannelConfig
  feeMicroUsd: MicroUsd
  signedAtSeconds: number
  signature: Hex
  feeVoucher: Voucher
}

/**
 * Claims what a channel owes, the fee included, and gives all the rest back to its payer.
 *
 * As with a deposit, the fee is kept after the transaction: a hub that dies in between finds on the chain what was
 * claimed, and charges nothing for a refund that was not made. No job may open meanwhile.
 *
 * @throws LedgerError, HubError, ChainError; nothing was charged then
 */
export async function sendRefund(order: RefundOrder, deps: SendDeps): Promise<Done> {
  const { quotes, fees } = deps
  checkFresh(order.signedAtSeconds, deps)
  const channel = await readPayerChannel(order.channel, deps)
  const { channelId, state } = channel
  await verifyOrder(order, channelId, deps)
  const least = fees.due(channelId, await quotes.least('refund'))
  if (order.feeMicroUsd < least) {
    throw new HubError('hub/fee-too-low', `A refund costs ${least} micro-dollars now.`)
  }
  await checkFeeVoucher(order.feeVoucher, order.feeMicroUsd, channel, state.balance, deps)
  const letJobsOn = deps.freeze(channelId)
  try {
    await deps.takeTransaction('refund', 1)
    return await refund(order, deps)
  } finally {
    letJobsOn()
  }
}

/** Reads the channel anew, since a payment may have come in before jobs were kept off. */
async function refund(
  { channel: config, feeVoucher, feeMicroUsd }: RefundOrder,
  deps: SendDeps,
): Promise<Done> {
  const channel = await readPayerChannel(config, deps)
  await checkFeeVoucher(feeVoucher, feeMicroUsd, channel, channel.state.balance, deps)
  const { chain, signer, store, fees } = deps
  const { channelId } = channel
  const claim = claimOf(channel, feeVoucher, feeMicroUsd)
  const { transaction, refundedMicroUsd } = await chain.refund(config, claim, signer)
  await keepPayerChannel(channel, deps)
  await fees.collect(channelId, feeMicroUsd, feeVoucher)
  await store.raiseClaimed(channelId, claim.totalClaimed)
  await deps.onChanged([channelId])
  return done(transaction, refundedMicroUsd)
}

function claimOf({ config, held, usedMicroUsd }: PayerChannel, feeVoucher: Voucher, feeMicroUsd: MicroUsd) {
  return { config, voucher: higher(feeVoucher, held), totalClaimed: usedMicroUsd + feeMicroUsd }
}

function checkFresh(signedAtSeconds: number, { clock }: SendDeps): void {
  const ageSeconds = clock.nowMs() / 1000 - signedAtSeconds
  if (Math.abs(ageSeconds) <= maxAgeSeconds) return
  throw new HubError('hub/stale-request', "The request is too old. Is this computer's clock right?")
}

/** A session key that has ended may still pay for the way out, which its payer's own account then has to want. */
function verifyOrder(order: RefundOrder, channelId: Hex, { terms, clock }: SendDeps): Promise<void> {
  const { payer, payerAuthorizer } = order.channel
  const isOver = isSessionOver(order.channel, clock.nowMs() / 1000)
  const { feeMicroUsd, signedAtSeconds, signature } = order
  const request = { channelId, feeMicroUsd, signedAtSeconds }
  return verifyRefundRequest(request, signature, isOver ? [payer] : [payer, payerAuthorizer], terms)
}
