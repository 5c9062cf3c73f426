import type { Hex } from '../../domain/bytes.ts'
import type { Voucher } from '../../domain/channel.ts'
import type { MicroUsd } from '../../domain/price.ts'
import { HubError } from '../../errors/index.ts'
import type { ChannelRecord } from '../../ports/index.ts'
import type { HubClient, HubDone } from '../hub/hub-client.ts'
import { checkFee } from '../hub/plausible-fee.ts'
import { seenOnChain } from '../hub/seen-on-chain.ts'
import { type FundDeps, payerEnd } from './payer-channels.ts'
import {
  type SignedDeposit,
  type SignedDepositDeps,
  keepDeposit,
  keepFee,
  madeIn,
  openDeposit,
} from './signed-deposits.ts'

/** What a deposit is signed and sent with. */
export type HubDepositDeps = FundDeps & SignedDepositDeps

/**
 * Signs a deposit, promises the fee for it and keeps both.
 *
 * No failure costs the payer more than that fee: the deposit works once, whoever sends it, and its money can only
 * reach the payer's own channel.
 */
export async function signDeposit(
  record: ChannelRecord,
  amountMicroUsd: MicroUsd,
  feeMicroUsd: MicroUsd,
  deps: HubDepositDeps,
): Promise<SignedDeposit> {
  checkFee(feeMicroUsd)
  const { balance: beforeMicroUsd } = await deps.chain.channel(record.channelId)
  const deposit = await deps.chain.authorizeDeposit(record.config, amountMicroUsd, deps.wallet)
  const voucher = await promiseFee(record, amountMicroUsd, 0n, feeMicroUsd, deps)
  return keepDeposit(record.channelId, { deposit, beforeMicroUsd, fee: { feeMicroUsd, voucher } }, deps)
}

/**
 * Promises a fee, or what it has risen by. A channel that never held anything has not been served either, so a fee
 * promised on it for a deposit that failed is not promised again; on another one it pays for answers to come.
 */
async function promiseFee(
  record: ChannelRecord,
  amountMicroUsd: MicroUsd,
  fromMicroUsd: MicroUsd,
  toMicroUsd: MicroUsd,
  deps: HubDepositDeps,
): Promise<Voucher> {
  const { balance, totalClaimed } = await deps.chain.channel(record.channelId)
  const channel = payerEnd(record, balance + amountMicroUsd, deps)
  const isUnused = balance === 0n && totalClaimed === 0n
  return isUnused ? channel.promise(toMicroUsd) : channel.promiseMore(toMicroUsd - fromMicroUsd)
}

/**
 * Has a hub send a signed deposit; sent again, it is still one deposit. Returns what it came to; the transaction is null
 * where the chain shows it and the hub did not say which it was.
 * @throws HubError when the chain does not show it; it stays kept, because it may still come
 */
export async function sendDeposit(
  record: ChannelRecord,
  signed: SignedDeposit,
  client: HubClient,
  deps: HubDepositDeps,
): Promise<{ amountMicroUsd: MicroUsd; feeMicroUsd: MicroUsd; transaction: Hex | null }> {
  const { chain, clock } = deps
  const isMade = async () => madeIn(signed)(await chain.channel(record.channelId))
  const sent = await seenOnChain(offer(record, signed, client, deps), isMade, clock)
  await openDeposit(record.channelId, deps)
  const { deposit, fee } = signed
  const transaction = sent?.transaction ?? null
  return { amountMicroUsd: deposit.amount, feeMicroUsd: fee?.feeMicroUsd ?? 0n, transaction }
}

/** Hands a deposit to the hub, and once more where its fee has gone up meanwhile. */
async function offer(
  record: ChannelRecord,
  signed: SignedDeposit,
  client: HubClient,
  deps: HubDepositDeps,
): Promise<HubDone> {
  const { deposit, fee } = signed
  try {
    return await client.deposit(deposit, fee?.voucher ?? (await raiseFee(record, signed, client, deps)))
  } catch (error) {
    if (!(error instanceof HubError && error.code === 'hub/fee-too-low')) throw error
    return client.deposit(deposit, await raiseFee(record, signed, client, deps))
  }
}

/** Promises what the hub asks now. At the same price, another answer has used up what was promised for it. */
async function raiseFee(
  record: ChannelRecord,
  signed: SignedDeposit,
  client: HubClient,
  deps: HubDepositDeps,
): Promise<Voucher> {
  const before = signed.fee?.feeMicroUsd ?? 0n
  const { feeMicroUsd: asked } = await client.quote('deposit')
  const feeMicroUsd = asked > before ? asked : before + asked
  checkFee(feeMicroUsd)
  const voucher = await promiseFee(record, signed.deposit.amount, before, feeMicroUsd, deps)
  await keepFee(record.channelId, { ...signed, fee: { feeMicroUsd, voucher } }, deps)
  return voucher
}
