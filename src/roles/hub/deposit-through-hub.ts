import type { DepositAuthorization } from '../../domain/authorization.ts'
import type { Hex } from '../../domain/bytes.ts'
import type { ChannelState, Voucher } from '../../domain/channel.ts'
import type { MicroUsd } from '../../domain/price.ts'
import { HubError } from '../../errors/index.ts'
import type { ChannelRecord } from '../../ports/index.ts'
import { type FundDeps, payerEnd } from '../payer-channels.ts'
import type { HubClient } from './hub-client.ts'
import { checkFee } from './plausible-fee.ts'

const pollMs = 1_000
/** A node may lag behind the one that the hub asks. */
const visibleTimeoutMs = 30_000
/** A transaction that the hub may have sent before it fell silent. */
const silentTimeoutMs = 60_000

/** A deposit that its wallet has signed, and the promise that pays for sending it. */
export type SignedDeposit = {
  deposit: DepositAuthorization
  channelId: Hex
  /** What the channel held before. */
  beforeMicroUsd: MicroUsd
  feeMicroUsd: MicroUsd
  /** Promises a higher fee for it. */
  raiseFee: (fromMicroUsd: MicroUsd, toMicroUsd: MicroUsd) => Promise<Voucher>
  feeVoucher: Voucher
}

/**
 * Signs a deposit and promises the fee for it.
 *
 * No failure costs the payer more than that fee: the deposit works once, whoever sends it, and its money can only
 * reach the payer's own channel. A channel that never held anything has not been served either, so a fee promised on
 * it for a deposit that failed is not promised again; on another one it pays for answers to come.
 */
export async function signDeposit(
  record: ChannelRecord,
  amountMicroUsd: MicroUsd,
  feeMicroUsd: MicroUsd,
  deps: FundDeps,
): Promise<SignedDeposit> {
  checkFee(feeMicroUsd)
  const { channelId, config } = record
  const { balance, totalClaimed } = await deps.chain.channel(channelId)
  const channel = payerEnd(record, balance + amountMicroUsd, deps)
  const isUnused = balance === 0n && totalClaimed === 0n
  const raiseFee = (from: MicroUsd, to: MicroUsd) =>
    isUnused ? channel.promise(to) : channel.promiseMore(to - from)
  const deposit = await deps.chain.authorizeDeposit(config, amountMicroUsd, deps.wallet)
  const feeVoucher = await raiseFee(0n, feeMicroUsd)
  return { deposit, channelId, beforeMicroUsd: balance, feeMicroUsd, raiseFee, feeVoucher }
}

/**
 * Has a hub send a signed deposit; sent again, it is still one deposit.
 * @throws HubError when the chain does not show it, `hub/no-answer` where it may still come
 */
export async function sendDeposit(signed: SignedDeposit, client: HubClient, deps: FundDeps): Promise<void> {
  const failure = await offer(signed, client).then(
    () => null,
    (error: unknown) => error,
  )
  const isSilent = failure instanceof HubError && failure.code === 'hub/no-answer'
  const timeoutMs = failure === null ? visibleTimeoutMs : isSilent ? silentTimeoutMs : 0
  const { channelId, beforeMicroUsd, deposit } = signed
  const isThere = ({ balance }: ChannelState) => balance >= beforeMicroUsd + deposit.amount
  if (await seen(channelId, isThere, timeoutMs, deps)) return
  throw (
    failure ??
    new HubError('hub/no-answer', 'The hub says it has sent the deposit; the chain does not show it.')
  )
}

/** Hands a deposit to the hub, and once more where its fee has gone up meanwhile. */
async function offer(signed: SignedDeposit, client: HubClient): Promise<void> {
  try {
    await client.deposit(signed.deposit, signed.feeVoucher)
  } catch (error) {
    if (!(error instanceof HubError && error.code === 'hub/fee-too-low')) throw error
    const { feeMicroUsd: dearer } = await client.quote('deposit')
    const { feeMicroUsd: before } = signed
    // At the same price, another answer has used up what was promised for it.
    signed.feeMicroUsd = dearer > before ? dearer : before + dearer
    checkFee(signed.feeMicroUsd)
    signed.feeVoucher = await signed.raiseFee(before, signed.feeMicroUsd)
    await client.deposit(signed.deposit, signed.feeVoucher)
  }
}

/** Returns whether the chain shows a channel so within the time. */
export async function seen(
  channelId: Hex,
  isSo: (state: ChannelState) => boolean,
  timeoutMs: number,
  { chain, clock }: Pick<FundDeps, 'chain' | 'clock'>,
): Promise<boolean> {
  for (let waitedMs = 0; ; waitedMs += pollMs) {
    const state = await chain.channel(channelId).catch(() => null)
    if (state && isSo(state)) return true
    if (waitedMs >= timeoutMs) return false
    await clock.sleep(pollMs)
  }
}
