import type { Hex } from '../../../src/domain/bytes.ts'
import type { ChannelConfig, Voucher } from '../../../src/domain/channel.ts'
import type { MicroUsd } from '../../../src/domain/price.ts'
import { isSessionOver } from '../../../src/domain/session.ts'
import { ChainError, HubError } from '../../../src/errors/index.ts'
import { verifyRefundRequest } from '../../../src/ledger/sign-hub.ts'
import type { RefundRecord } from '../books/hub-store.ts'
import { checkFeeVoucher, keepPayerChannel, readPayerChannel } from '../pay/payer-channel.ts'
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
 * Claims what a channel owes, the fee included, and gives all the rest back to its payer. No job may open on it until
 * the chain shows that, or it can never happen: a hub that dies in between goes on from its books.
 *
 * @throws LedgerError, HubError, ChainError `chain/unconfirmed` when it may still happen; else nothing was charged
 */
export async function sendRefund(order: RefundOrder, deps: SendDeps): Promise<Done> {
  const { quotes, fees } = deps
  checkFresh(order.signedAtSeconds, deps)
  const channel = await readPayerChannel(order.channel, deps)
  const { channelId, state } = channel
  await verifyOrder(order, channelId, deps)
  const onWay = await deps.refunds.onWay(channelId)
  if (onWay) return bringForward(onWay, deps)
  const least = fees.due(channelId, await quotes.least('refund'))
  if (order.feeMicroUsd < least) {
    throw new HubError('hub/fee-too-low', `A refund costs ${least} micro-dollars now.`)
  }
  await checkFeeVoucher(order.feeVoucher, order.feeMicroUsd, channel, state.balance, deps)
  const letJobsOn = deps.freeze(channelId)
  try {
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
  await keepPayerChannel(channel, deps)
  const { channelId, usedMicroUsd, state } = channel
  const totalClaimedMicroUsd = usedMicroUsd + feeMicroUsd
  if (state.balance <= totalClaimedMicroUsd) throw nothingLeft()
  const record = {
    channelId,
    number: await deps.chain.refunds(channelId),
    totalClaimedMicroUsd,
    feeMicroUsd,
    feeVoucher,
    sinceMs: deps.clock.nowMs(),
  }
  const { transaction, refundedMicroUsd } = await deps.sponsor('refund', 1, (admit) =>
    deps.refunds.send(record, config, admit),
  )
  return done(transaction, refundedMicroUsd)
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

/** A payer that asks again need not wait for the hub's own next try. It pays for one refund. */
async function bringForward(refund: RefundRecord, deps: SendDeps): Promise<Done> {
  const { transaction, refundedMicroUsd } = await deps
    .sponsor('refund', 1, (admit) => deps.refunds.again(refund, admit))
    .catch((error: unknown) => {
      throw error instanceof HubError ? error : stillUnclear(error)
    })
  return done(transaction, refundedMicroUsd)
}

/** The same as the first time: whoever asks shall look at the chain and wait. */
function stillUnclear(cause: unknown): ChainError {
  return new ChainError('chain/unconfirmed', 'This channel is being paid back already.', { cause })
}

function nothingLeft(): HubError {
  return new HubError('hub/request-refused', 'Nothing of this channel is left to be paid back.')
}
