import { type Address, type Hex, sameAddress, toHex } from '../domain/bytes.ts'
import { minWithdrawDelaySeconds } from '../domain/admit-job.ts'
import { promisedBy } from '../domain/channel.ts'
import { isLocalChain } from '../domain/network.ts'
import type { MicroUsd } from '../domain/price.ts'
import { ChainError } from '../errors/index.ts'
import { channelIdOf } from '../ledger/channel-id.ts'
import { type PayerChannel, createPayerChannel } from '../ledger/payer-channel.ts'
import type { Chain, ChannelRecord, Clock, Random, Signer, VoucherStore } from '../ports/index.ts'
import { channelsHere } from './channels-here.ts'

/** What is put into a channel at a time, so that one deposit serves many answers. */
const depositMicroUsd = 1_000_000n
/** What the faucet gives on the local chain. */
const faucetMicroUsd = 10_000_000n

/** What is about to be done, so that the page can say it. */
export type FundingStep = { stage: 'faucet' | 'deposit'; amountMicroUsd: MicroUsd }

/** Where channels are kept, and what pays for them. */
export type FundDeps = {
  chain: Chain
  vouchers: VoucherStore
  /** Holds the money. */
  wallet: Signer
  /** Signs vouchers without asking anybody. */
  session: Signer
  random: Random
  clock: Clock
}

/** A channel that covers the job, and the requester's end of it. */
export type FundedChannel = { record: ChannelRecord; channel: PayerChannel }

async function openChannel(receiver: Address, deps: FundDeps): Promise<ChannelRecord> {
  const { network } = deps.chain
  const config = {
    payer: deps.wallet.address,
    payerAuthorizer: deps.session.address,
    receiver,
    receiverAuthorizer: receiver,
    token: network.token,
    withdrawDelay: minWithdrawDelaySeconds,
    salt: toHex(deps.random.bytes(32)),
  }
  const record: ChannelRecord = {
    channelId: channelIdOf(config, network),
    config,
    chainId: network.chainId,
    settlement: network.settlement,
    side: 'payer',
    voucher: null,
    claimedMicroUsd: 0n,
  }
  await deps.vouchers.addChannel(record)
  return record
}

type Deposited = { record: ChannelRecord; balance: MicroUsd }

async function usableChannel(
  receiver: Address,
  deps: FundDeps,
  busy: ReadonlySet<Hex>,
): Promise<Deposited | null> {
  const records = await channelsHere(deps.vouchers, 'payer', deps.chain.network)
  const usable = records.filter(
    ({ channelId, config }) =>
      !busy.has(channelId) &&
      sameAddress(config.receiver, receiver) &&
      sameAddress(config.payerAuthorizer, deps.session.address),
  )
  for (const record of usable) {
    const { withdrawal, balance } = await deps.chain.channel(record.channelId)
    if (withdrawal === null) return { record, balance }
  }
  return null
}

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
  const { chain, vouchers, wallet, session, clock } = deps
  const found = await usableChannel(receiver, deps, busy)
  const record = found?.record ?? (await openChannel(receiver, deps))
  const { channelId, config } = record
  let balance = found?.balance ?? 0n
  const missing = promisedBy(record.voucher) + neededMicroUsd - balance
  if (missing > 0n) {
    const amount = missing > depositMicroUsd ? missing : depositMicroUsd
    if ((await chain.balance(wallet.address)) < amount) {
      if (!isLocalChain(chain.network)) {
        throw new ChainError('chain/insufficient-funds', 'The wallet holds too little for this answer.')
      }
      const gift = amount > faucetMicroUsd ? amount : faucetMicroUsd
      yield { stage: 'faucet', amountMicroUsd: gift }
      await chain.faucet(wallet.address, gift)
    }
    yield { stage: 'deposit', amountMicroUsd: amount }
    await chain.deposit(config, amount, wallet)
    balance = (await chain.channel(channelId)).balance
  }
  const channel = createPayerChannel({
    channelId,
    config,
    network: chain.network,
    vouchers,
    session,
    limitMicroUsd: balance,
    nowSeconds: () => Math.floor(clock.nowMs() / 1000),
  })
  return { record, channel }
}
