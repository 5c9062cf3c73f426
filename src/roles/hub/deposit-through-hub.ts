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

/**
 * Has a hub send a deposit that the wallet signs once; the fee is a promise on the channel itself.
 *
 * No failure costs the payer more than that: the signed deposit works once whoever sends it, and its money can only
 * reach the payer's own channel. A channel that never held anything has not been served either, so that a fee promised
 * on it for a deposit that failed is not promised again.
 *
 * @throws HubError when the chain does not show the deposit
 */
export async function depositThroughHub(
  record: ChannelRecord,
  amountMicroUsd: MicroUsd,
  feeMicroUsd: MicroUsd,
  client: HubClient,
  deps: FundDeps,
): Promise<void> {
  const { chain, wallet } = deps
  const { channelId, config } = record
  const before = await chain.channel(channelId)
  const channel = payerEnd(record, before.balance + amountMicroUsd, deps)
  const isUnused = before.balance === 0n && before.totalClaimed === 0n
  const promiseFee = (fee: MicroUsd): Promise<Voucher> =>
    isUnused ? channel.promise(fee) : channel.promiseMore(fee)

  checkFee(feeMicroUsd)
  const deposit = await chain.authorizeDeposit(config, amountMicroUsd, wallet)
  const send = async (): Promise<void> => {
    try {
      await client.deposit(deposit, await promiseFee(feeMicroUsd))
    } catch (error) {
      if (!(error instanceof HubError && error.code === 'hub/fee-too-low')) throw error
      const dearer = (await client.quote('deposit')).feeMicroUsd
      checkFee(dearer)
      // Refused for its fee: the same deposit may go again, and cannot be carried out twice.
      const rise = dearer > feeMicroUsd ? dearer - feeMicroUsd : dearer
      await client.deposit(deposit, await promiseFee(isUnused ? dearer : rise))
    }
  }
  const failure = await send().then(
    () => null,
    (error: unknown) => error,
  )
  const isSilent = failure instanceof HubError && failure.code === 'hub/no-answer'
  const timeoutMs = failure === null ? visibleTimeoutMs : isSilent ? silentTimeoutMs : 0
  const isThere = ({ balance }: ChannelState) => balance >= before.balance + amountMicroUsd
  if (await seen(channelId, isThere, timeoutMs, deps)) return
  throw (
    failure ??
    new HubError('hub/no-answer', 'The hub says it has sent the deposit; the chain does not show it.')
  )
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
