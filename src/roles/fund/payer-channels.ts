import { type Address, type Hex, sameAddress } from '../../domain/bytes.ts'
import { type ChannelState, depositMicroUsd, minWithdrawDelaySeconds, usedOf } from '../../domain/channel.ts'
import { isLocalChain } from '../../domain/network.ts'
import type { MicroUsd } from '../../domain/price.ts'
import { isSessionOver, sessionSalt, sessionSaltBytes, sessionSeconds } from '../../domain/session.ts'
import { ChainError } from '../../errors/index.ts'
import { channelIdOf } from '../../ledger/channel-id.ts'
import { type PayerChannel, createPayerChannel } from '../../ledger/payer-channel.ts'
import type { Chain, ChannelRecord, Clock, Random, Signer, VoucherStore } from '../../ports/index.ts'
import { channelsHere } from '../common/channels-here.ts'

/** What the faucet gives on the local chain. */
const faucetMicroUsd = 10_000_000n
/** A channel whose session key ends sooner pays for no new answer. */
const sessionMarginSeconds = 3600

/** What is about to be done, so that the page can say it, and what was deposited. */
export type FundingStep = {
  stage: 'faucet' | 'deposit' | 'deposited'
  amountMicroUsd: MicroUsd
  /** Taken by the hub that sends the deposit; 0 where the wallet pays its own gas. */
  feeMicroUsd: MicroUsd
  /** Before a deposit that the wallet signs and then sends itself: whoever holds it is asked for both. */
  asksTwice?: boolean
  /** Once deposited; null where the chain shows the deposit and nobody said which transaction it was. */
  transaction?: Hex | null
  /** Once deposited: where. */
  channelId?: Hex
}

/** Where channels are kept, and what pays for them. */
export type FundDeps = {
  chain: Chain
  vouchers: VoucherStore
  /** Holds the money. */
  wallet: Signer
  /** Sends direct deposits where it has the gas for it, so that the wallet only signs; the wallet when left out. */
  sender?: Signer
  /** Signs vouchers without asking anybody. */
  session: Signer
  random: Random
  clock: Clock
}

/** A channel and what the chain says of it. */
export type OpenChannel = { record: ChannelRecord; state: ChannelState }

const nowSeconds = (clock: Pick<Clock, 'nowMs'>) => Math.floor(clock.nowMs() / 1000)

/** Adds a channel to the receiver, with a session key that has an end; it holds nothing yet. */
export async function addChannel(receiver: Address, deps: FundDeps): Promise<ChannelRecord> {
  const { network } = deps.chain
  const config = {
    payer: deps.wallet.address,
    payerAuthorizer: deps.session.address,
    receiver,
    receiverAuthorizer: receiver,
    token: network.token,
    withdrawDelay: minWithdrawDelaySeconds,
    salt: sessionSalt(deps.random.bytes(sessionSaltBytes), nowSeconds(deps.clock) + sessionSeconds),
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

/** Returns the channels to the receiver that may pay for a new answer, the one with the most money free first. */
export async function usableChannels(
  receiver: Address,
  { chain, vouchers, wallet, session, clock }: Omit<FundDeps, 'random'>,
): Promise<OpenChannel[]> {
  const soonSeconds = nowSeconds(clock) + sessionMarginSeconds
  const records = (await channelsHere(vouchers, 'payer', chain.network)).filter(
    ({ config }) =>
      sameAddress(config.receiver, receiver) &&
      sameAddress(config.payer, wallet.address) &&
      sameAddress(config.payerAuthorizer, session.address) &&
      !isSessionOver(config, soonSeconds),
  )
  const open = await Promise.all(
    records.map(async (record) => ({ record, state: await chain.channel(record.channelId) })),
  )
  return open
    .filter(({ state }) => state.withdrawal === null)
    .toSorted((a, b) => Number(freeMicroUsd(b) - freeMicroUsd(a)))
}

/** Returns what of a channel is neither promised nor claimed; negative where more is promised than it holds. */
export function freeMicroUsd({ record, state }: OpenChannel): MicroUsd {
  return state.balance - usedOf(record.voucher, state)
}

/**
 * Returns how much to deposit where `missingMicroUsd` is missing: enough for many answers if the wallet has it.
 * On the local chain the faucet fills a wallet that holds too little.
 * @throws ChainError `chain/insufficient-funds` where there is no faucet
 */
export async function* sizeDeposit(
  missingMicroUsd: MicroUsd,
  { chain, wallet }: Pick<FundDeps, 'chain' | 'wallet'>,
): AsyncGenerator<FundingStep, MicroUsd, void> {
  const wanted = missingMicroUsd > depositMicroUsd ? missingMicroUsd : depositMicroUsd
  const balance = await chain.balance(wallet.address)
  if (balance >= wanted) return wanted
  if (isLocalChain(chain.network)) {
    const gift = wanted > faucetMicroUsd ? wanted : faucetMicroUsd
    yield { stage: 'faucet', amountMicroUsd: gift, feeMicroUsd: 0n }
    await chain.faucet(wallet.address, gift)
    return wanted
  }
  if (balance >= missingMicroUsd) return balance
  throw new ChainError('chain/insufficient-funds', 'The wallet holds too little for this answer.')
}

/** What a channel's promises are signed and kept with. */
export type PromiseDeps = Omit<FundDeps, 'random' | 'wallet'>

/** Returns the payer's end of a channel that promises at most what it holds; `now` is a Unix time in seconds. */
export function payerEnd(
  { channelId, config }: ChannelRecord,
  limitMicroUsd: MicroUsd,
  { chain, vouchers, session, clock }: PromiseDeps,
  now = () => nowSeconds(clock),
): PayerChannel {
  return createPayerChannel({
    channelId,
    config,
    network: chain.network,
    vouchers,
    session,
    limitMicroUsd,
    nowSeconds: now,
  })
}
