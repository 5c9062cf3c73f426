import type { Hex } from '../../domain/bytes.ts'
import type { MicroUsd } from '../../domain/price.ts'
import { isSessionOver } from '../../domain/session.ts'
import { signRefundRequest } from '../../ledger/sign-hub.ts'
import type { ChannelRecord } from '../../ports/index.ts'
import { type FundDeps, payerEnd } from '../payer-channels.ts'
import type { HubClient } from './hub-client.ts'
import { checkFee } from './plausible-fee.ts'
import { seenOnChain } from './seen-on-chain.ts'

/** Money that came back from a channel. */
export type TakenBack = {
  amountMicroUsd: MicroUsd
  /** Taken by the hub that sent it; 0 where the wallet paid its own gas. */
  feeMicroUsd: MicroUsd
  /** Null where the chain shows it and nobody said which transaction it was. */
  transaction: Hex | null
}

/** What a refund is asked for with. */
export type RefundDeps = Omit<FundDeps, 'random'>

/**
 * Asks a hub for all that a channel to it holds unspent, and returns what came back, as the chain shows it.
 * @throws HubError when the chain does not show it
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
  const feeVoucher = await payer.promiseMore(feeMicroUsd)
  const request = { channelId, feeMicroUsd, signedAtSeconds }
  const signature = await signRefundRequest(request, chain.network, isOver ? wallet : session)
  const asked = client.refund({ channel: config, feeMicroUsd, signedAtSeconds, signature, feeVoucher })
  const isBack = async () => (await chain.channel(channelId)).balance < balance
  const sent = await seenOnChain(asked, isBack, clock)
  const amountMicroUsd = balance - (await chain.channel(channelId)).balance
  return { amountMicroUsd, feeMicroUsd, transaction: sent?.transaction ?? null }
}
