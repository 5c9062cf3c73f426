import type { Hex } from '../../domain/bytes.ts'
import type { Voucher } from '../../domain/channel.ts'
import type { MicroUsd } from '../../domain/price.ts'
import { isSessionOver } from '../../domain/session.ts'
import { HubError } from '../../errors/index.ts'
import type { PayerChannel } from '../../ledger/payer-channel.ts'
import { signRefundRequest } from '../../ledger/sign-hub.ts'
import type { ChannelRecord } from '../../ports/index.ts'
import { type FundDeps, payerEnd } from '../fund/payer-channels.ts'
import { type RefundFeesDeps, addRefundFee, forgetRefundFee, refundFee } from '../fund/refund-fees.ts'
import type { HubClient } from '../hub/hub-client.ts'
import { checkFee } from '../hub/plausible-fee.ts'
import { seenOnChain } from '../hub/seen-on-chain.ts'

/** Money that came back from a channel. */
export type TakenBack = {
  amountMicroUsd: MicroUsd
  /** Taken by the hub that sent it; 0 where the wallet paid its own gas. */
  feeMicroUsd: MicroUsd
  /** Null where the chain shows it and nobody said which transaction it was. */
  transaction: Hex | null
}

/** What a refund is asked for with. */
export type RefundDeps = Omit<FundDeps, 'random'> & RefundFeesDeps

/**
 * Asks a hub for all that a channel to it holds unspent, and returns what came back, as the chain shows it. What was
 * promised for an earlier attempt pays for this one.
 * @throws HubError when the chain does not show it; `hub/fee-taken` where it shows that the hub has claimed its fee alone
 */
export async function refundThroughHub(
  record: ChannelRecord,
  client: HubClient,
  deps: RefundDeps,
): Promise<TakenBack> {
  const { chain, wallet, session, clock } = deps
  const { channelId, config } = record
  const { feeMicroUsd } = await client.quote('refund')
  checkFee(feeMicroUsd)
  const { balance } = await chain.channel(channelId)
  const signedAtSeconds = Math.floor(clock.nowMs() / 1000)
  // A session key that has ended may still pay for the way out, if the wallet itself asks for that.
  const isOver = isSessionOver(config, signedAtSeconds)
  const payer = payerEnd(record, balance, deps, isOver ? () => 0 : undefined)
  const feeVoucher = await promiseFee(channelId, feeMicroUsd, payer, deps)
  const request = { channelId, feeMicroUsd, signedAtSeconds }
  const signature = await signRefundRequest(request, chain.network, isOver ? wallet : session)
  const asked = client.refund({ channel: config, feeMicroUsd, signedAtSeconds, signature, feeVoucher })
  const isBack = async () => (await chain.channel(channelId)).balance < balance
  const sent = await seenOnChain(asked, isBack, clock).catch(async (error: unknown) => {
    const owedMicroUsd = (await payer.promised()) - (await refundFee(channelId, deps))
    throw (await chain.channel(channelId)).totalClaimed > owedMicroUsd ? feeTaken(error) : error
  })
  await forgetRefundFee(channelId, deps)
  const amountMicroUsd = balance - (await chain.channel(channelId)).balance
  return { amountMicroUsd, feeMicroUsd, transaction: sent?.transaction ?? null }
}

/** Promises what an earlier promise for a refund does not cover, and returns the voucher that covers all. */
async function promiseFee(
  channelId: Hex,
  feeMicroUsd: MicroUsd,
  payer: PayerChannel,
  deps: RefundFeesDeps,
): Promise<Voucher> {
  const missing = feeMicroUsd - (await refundFee(channelId, deps))
  const voucher = await payer.promiseMore(missing)
  if (missing > 0n) await addRefundFee(channelId, missing, deps)
  return voucher
}

const feeTaken = (cause: unknown) =>
  new HubError('hub/fee-taken', 'This hub took its fee and did not pay back what is yours.', { cause })
