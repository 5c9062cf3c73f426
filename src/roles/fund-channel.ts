import type { Address, Hex } from '../domain/bytes.ts'
import { type ChannelConfig, promisedBy } from '../domain/channel.ts'
import { isLocalChain } from '../domain/network.ts'
import type { MicroUsd } from '../domain/price.ts'
import type { PayerChannel } from '../ledger/payer-channel.ts'
import type { Chain, ChannelRecord, Signer } from '../ports/index.ts'
import {
  type FundDeps,
  type FundingStep,
  addChannel,
  payerEnd,
  sizeDeposit,
  usableChannels,
} from './payer-channels.ts'

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
  deps: FundDeps,
  busy: ReadonlySet<Hex> = new Set(),
): AsyncGenerator<FundingStep, FundedChannel, void> {
  const { chain } = deps
  const usable = await usableChannels(receiver, deps)
  const found = usable.find(({ record }) => !busy.has(record.channelId))
  const record = found?.record ?? (await addChannel(receiver, deps))
  let balance = found?.state.balance ?? 0n
  const missing = promisedBy(record.voucher) + neededMicroUsd - balance
  if (missing > 0n) {
    const amountMicroUsd = yield* sizeDeposit(missing, deps)
    yield { stage: 'deposit', amountMicroUsd, feeMicroUsd: 0n }
    await deposit(record.config, amountMicroUsd, deps)
    balance = (await chain.channel(record.channelId)).balance
  }
  return { record, channel: payerEnd(record, balance, deps) }
}

/** A wallet that asks for everything it signs is asked once: what it signed is sent by an account that asks nobody. */
async function deposit(config: ChannelConfig, amount: MicroUsd, deps: FundDeps): Promise<void> {
  const { chain, wallet, sender = wallet } = deps
  const signed = await chain.authorizeDeposit(config, amount, wallet)
  await chain.submitDeposit(signed, (await canSend(sender, chain)) ? sender : wallet)
}

async function canSend(sender: Signer, chain: Chain): Promise<boolean> {
  if (isLocalChain(chain.network)) return true
  return (await chain.gasBalance(sender.address)) >= (await chain.gasCost('deposit'))
}
