import type { Hex } from '../../../src/domain/bytes.ts'
import type { MicroUsd } from '../../../src/domain/price.ts'
import { HubError } from '../../../src/errors/index.ts'
import type { Clock } from '../../../src/ports/index.ts'
import { Buckets } from '../../buckets.ts'
import { TokenBucket } from '../../token-bucket.ts'
import type { HubStore } from '../books/hub-store.ts'
import type { ChannelWatch } from '../channel-watch.ts'
import type { HubPolicy } from '../hub-policy.ts'
import { onTrust } from './deposit-size.ts'

const deposits = { burst: 20, perSecond: 0.1, maxWaitMs: 0 }
/** A requester that pays nothing could otherwise have money set aside for one made-up provider after another. */
const depositsOfPayer = { burst: 3, perSecond: 1 / 600, maxWaitMs: 0 }
/** Of the hub's money, this part at most lies anywhere on trust. */
const share = 4n
/** Jobs that need more than a first deposit may use this part of it, so that ordinary ones find the rest. */
const shareOfLarge = 2n

/** What deposits on trust are limited by. */
export type TrustLimitsDeps = {
  store: HubStore
  watch: ChannelWatch
  clock: Pick<Clock, 'nowMs'>
  policy: Pick<HubPolicy, 'firstDepositMicroUsd'>
}

/** A deposit that is wanted for a provider that was paid little or nothing. */
export type TrustedDeposit = {
  channelId: Hex
  /** As much as the hub would like to deposit, and the least that helps. */
  amountMicroUsd: MicroUsd
  leastMicroUsd: MicroUsd
  /** Token balance of the hub's account. */
  balanceMicroUsd: MicroUsd
  /** Requester's channel whose job needs it. */
  payerChannelId: Hex | null
}

/**
 * Anybody can be a provider as often as they like, and have somebody open jobs with it that never pay. So what the hub
 * sets aside for providers that were not paid yet is bounded in sum, and in how fast it grows.
 */
export class TrustLimits {
  readonly #deps: TrustLimitsDeps
  readonly #all: TokenBucket
  readonly #payers: Buckets<Hex>
  /** What is being deposited, which the chain does not show yet. */
  readonly #depositing = new Map<Hex, MicroUsd>()

  constructor(deps: TrustLimitsDeps) {
    this.#deps = deps
    const nowMs = () => deps.clock.nowMs()
    this.#all = new TokenBucket(deposits, nowMs)
    this.#payers = new Buckets(depositsOfPayer, nowMs)
  }

  /**
   * Returns how much may be deposited, which counts from now until `release`.
   * @throws HubError `hub/busy`
   */
  async admit(deposit: TrustedDeposit): Promise<MicroUsd> {
    const channels = await this.#lockedByChannel()
    // From here on nothing else happens in between.
    const room = this.#room(deposit, channels)
    const amount = room < deposit.amountMicroUsd ? room : deposit.amountMicroUsd
    if (amount < deposit.leastMicroUsd || amount <= 0n || !this.#take(deposit.payerChannelId)) throw noTrust()
    this.#depositing.set(deposit.channelId, amount)
    return amount
  }

  release(channelId: Hex): void {
    this.#depositing.delete(channelId)
  }

  #room({ leastMicroUsd, balanceMicroUsd }: TrustedDeposit, channels: Map<Hex, Locked>): MicroUsd {
    let [trusted, leaving] = [0n, 0n]
    for (const [channelId, { lockedMicroUsd, promisedMicroUsd }] of channels) {
      const coming = this.#depositing.get(channelId) ?? 0n
      trusted += onTrust(lockedMicroUsd + coming, promisedMicroUsd)
      leaving += coming
    }
    // The balance may still hold what is being deposited.
    const most = (balanceMicroUsd - leaving + trusted) / share
    const isLarge = leastMicroUsd > this.#deps.policy.firstDepositMicroUsd
    return (isLarge ? most / shareOfLarge : most) - trusted
  }

  async #lockedByChannel(): Promise<Map<Hex, Locked>> {
    const promises = await this.#deps.store.promises()
    const locked = promises.map(
      async ({ channelId, promisedMicroUsd }) =>
        [channelId, await this.#lockedIn(channelId, promisedMicroUsd)] as const,
    )
    return new Map(await Promise.all(locked))
  }

  /** By what was heard last: every change that the hub makes is looked at anyway. What is being taken back is not back. */
  async #lockedIn(channelId: Hex, signedMicroUsd: MicroUsd): Promise<Locked> {
    const { watch } = this.#deps
    const { balance, totalClaimed } = watch.lastHeard(channelId) ?? (await watch.refresh(channelId))
    const promisedMicroUsd = signedMicroUsd > totalClaimed ? signedMicroUsd : totalClaimed
    return { lockedMicroUsd: balance - promisedMicroUsd, promisedMicroUsd }
  }

  #take(payerChannelId: Hex | null): boolean {
    const isPayerCalm = payerChannelId === null || this.#payers.take(payerChannelId) !== null
    return isPayerCalm && this.#all.take() !== null
  }
}

type Locked = { lockedMicroUsd: MicroUsd; promisedMicroUsd: MicroUsd }

function noTrust(): HubError {
  const message = 'The hub has set aside what it can for providers that it does not know yet.'
  return new HubError('hub/busy', message)
}
