import type { Address, Hex } from '../../domain/bytes.ts'
import { promisedBy } from '../../domain/channel.ts'
import type { MicroUsd } from '../../domain/price.ts'
import type { PayerChannel } from '../../ledger/payer-channel.ts'
import type { ChannelRecord, Signer } from '../../ports/index.ts'
import { canPayGas } from '../common/can-pay-gas.ts'
import {
  type FundDeps,
  type FundingStep,
  addChannel,
  payerEnd,
  sizeDeposit,
  usableChannels,
} from './payer-channels.ts'
import { type SignedDeposit, type SignedDepositDeps, keepDeposit, openDeposit } from './signed-deposits.ts'

/** What direct channels are funded with. */
type DirectFundDeps = FundDeps & SignedDepositDeps

/** A channel that covers the job, and the requester's end of it. */
export type FundedChannel = { record: ChannelRecord; channel: PayerChannel }

/**
 * Returns a channel to the receiver that covers `neededMicroUsd`, depositing first where it does not.
 * Channels named as `busy` pay for another answer now and are passed over.
 * On the local chain an empty wallet is filled by the faucet.
 * @throws ChainError `chain/insufficient-funds` where there is no faucet
 */
export async function* fundChannel(
  receiver: Address,
  neededMicroUsd: MicroUsd,
  deps: DirectFundDeps,
  busy: ReadonlySet<Hex> = new Set(),
): AsyncGenerator<FundingStep, FundedChannel, void> {
  const found = (await usableChannels(receiver, deps)).find(({ record }) => !busy.has(record.channelId))
  const record = found?.record ?? (await addChannel(receiver, deps))
  const leastMicroUsd = promisedBy(record.voucher) + neededMicroUsd
  const heldMicroUsd = found?.state.balance ?? 0n
  const balance = heldMicroUsd < leastMicroUsd ? yield* fill(record, leastMicroUsd, deps) : heldMicroUsd
  return { record, channel: payerEnd(record, balance, deps) }
}

/** Brings a channel to `leastMicroUsd` and returns what it holds then. What was signed before is made first. */
async function* fill(
  { channelId, config }: ChannelRecord,
  leastMicroUsd: MicroUsd,
  deps: DirectFundDeps,
): AsyncGenerator<FundingStep, MicroUsd, void> {
  const { chain, wallet } = deps
  const earlier = await openDeposit(channelId, deps)
  if (earlier) {
    yield* send(channelId, earlier, deps)
  }
  const { balance: beforeMicroUsd } = await chain.channel(channelId)
  if (beforeMicroUsd >= leastMicroUsd) return beforeMicroUsd
  const amountMicroUsd = yield* sizeDeposit(leastMicroUsd - beforeMicroUsd, deps)
  const asksTwice = wallet.sendTransaction !== undefined && (await senderOf(deps)) === wallet
  yield { stage: 'deposit', amountMicroUsd, feeMicroUsd: 0n, asksTwice }
  const deposit = await chain.authorizeDeposit(config, amountMicroUsd, wallet)
  yield* send(channelId, await keepDeposit(channelId, { deposit, beforeMicroUsd, fee: null }, deps), deps)
  return (await chain.channel(channelId)).balance
}

/** A wallet that asks for everything it signs is asked once: what it signed is sent by an account that asks nobody. */
async function* send(
  channelId: Hex,
  { deposit }: SignedDeposit,
  deps: DirectFundDeps,
): AsyncGenerator<FundingStep, void, void> {
  const { chain } = deps
  const transaction = await chain
    .submitDeposit(deposit, await senderOf(deps))
    .catch(async (error: unknown) => {
      // Sent before, or by another tab.
      if ((await chain.authorizationState(deposit)) === 'used') return null
      throw error
    })
  await openDeposit(channelId, deps)
  yield { stage: 'deposited', amountMicroUsd: deposit.amount, feeMicroUsd: 0n, transaction, channelId }
}

async function senderOf({ chain, wallet, sender = wallet }: DirectFundDeps): Promise<Signer> {
  return (await canPayGas('deposit', sender, chain)) ? sender : wallet
}
