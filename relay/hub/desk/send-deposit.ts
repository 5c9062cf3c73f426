import type { DepositAuthorization } from '../../../src/domain/authorization.ts'
import { sameAddress } from '../../../src/domain/bytes.ts'
import type { Voucher } from '../../../src/domain/channel.ts'
import { HubError } from '../../../src/errors/index.ts'
import { depositIdOf } from '../../../src/ledger/deposit-id.ts'
import { refuseWithdrawing } from '../channel-watch.ts'
import { checkFeeVoucher, keepPayerChannel, readPayerChannel, refuseEnded } from '../pay/payer-channel.ts'
import { type Done, type SendDeps, done } from './send-deps.ts'

/**
 * Sends a payer's signed deposit into its channel to this hub, and takes the fee out of the channel: one fee, however
 * often a reorganisation undoes the deposit and it is sent again.
 *
 * The deposit comes first and the fee after it is mined: a hub that dies in between has given the gas away, and never
 * charges for a deposit that was not made. The payer loses nothing either way, since the channel is its own on the
 * chain; the hub hears of it again when a job is opened on it.
 *
 * @throws LedgerError, HubError, ChainError; nothing was charged then
 */
export async function sendDeposit(
  deposit: DepositAuthorization,
  feeVoucher: Voucher,
  deps: SendDeps,
): Promise<Done> {
  const { chain, signer, fees, terms } = deps
  const { config, amount } = deposit
  checkCollector(deposit, deps)
  const channel = await readPayerChannel(config, deps)
  const { channelId, state } = channel
  refuseWithdrawing(state)
  refuseEnded(config, deps)
  if (await deps.refunds.onWay(channelId)) throw payingBack()
  const depositId = depositIdOf(deposit, terms)
  const isCharged = await fees.isChargedFor(channelId, depositId)
  const feeMicroUsd = isCharged ? 0n : fees.due(channelId, await deps.quotes.least('deposit'))
  if (amount < feeMicroUsd) throw new HubError('hub/request-refused', 'The deposit is less than its fee.')
  if (!isCharged) await checkFeeVoucher(feeVoucher, feeMicroUsd, channel, state.balance + amount, deps)
  const transaction = await deps.sponsor('deposit', 1, (admit) => chain.submitDeposit(deposit, signer, admit))
  await keepPayerChannel(channel, deps)
  if (!isCharged) await fees.collect({ channelId, feeMicroUsd, deposit: depositId }, feeVoucher)
  await deps.onChanged([channelId])
  return done(transaction, amount)
}

/** Anybody else's contract could use up the hub's gas. */
function checkCollector({ collector }: DepositAuthorization, { chain }: SendDeps): void {
  const { collector: byAuthorization, permit2Collector = byAuthorization } = chain.network
  if ([byAuthorization, permit2Collector].some((known) => sameAddress(known, collector))) return
  throw new HubError('hub/request-refused', 'This hub does not know that deposit collector.')
}

/** A fee that came out of money on its way back would be lost. */
function payingBack(): HubError {
  return new HubError('hub/busy', 'This channel is being paid back. Try again in a minute.')
}
