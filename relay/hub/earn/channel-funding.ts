import type { Hex } from '../../../src/domain/bytes.ts'
import { usedOf } from '../../../src/domain/channel.ts'
import type { MicroUsd } from '../../../src/domain/price.ts'
import { BaseError, ChainError, HubError } from '../../../src/errors/index.ts'
import type { Chain, ChannelRecord, Clock, Signer } from '../../../src/ports/index.ts'
import type { RelayLog } from '../../log.ts'
import type { HubStore } from '../books/hub-store.ts'
import type { ChannelWatch } from '../channel-watch.ts'
import type { HubPolicy } from '../hub-policy.ts'
import type { OpenJobs } from '../open-jobs.ts'
import { depositAfter, onTrust } from './deposit-size.ts'
import { TrustLimits } from './trust-limits.ts'

/** A deposit that is mined shows within so many looks, this far apart. */
const looksForDeposit = 20
const lookIntervalMs = 1_000
/** The hub's own want of money. */
const emptyCodes: ReadonlySet<string> = new Set(['hub/out-of-funds', 'chain/insufficient-funds'])

/** What the hub's deposits are made with. */
export type ChannelFundingDeps = {
  chain: Chain
  signer: Signer
  store: HubStore
  clock: Clock
  watch: ChannelWatch
  jobs: OpenJobs
  log: RelayLog
  policy: HubPolicy
}

/** A channel's money. */
export type ChannelFunds = {
  record: ChannelRecord
  /** Deposited, not promised, and not being taken back. */
  lockedMicroUsd: MicroUsd
  /** Promised to the provider, or claimed where that is more. */
  promisedMicroUsd: MicroUsd
  /** What is locked, less what open jobs may still take; below 0 when jobs wait for a deposit. */
  freeMicroUsd: MicroUsd
  isWithdrawing: boolean
}

/** The hub's money in its channels to providers. */
export class ChannelFunding {
  /** Deposits that could not be made for want of money. */
  outOfFunds = 0
  readonly #deps: ChannelFundingDeps
  readonly #trust: TrustLimits
  readonly #depositing = new Map<Hex, Promise<void>>()
  /** Channels whose withdrawal is being announced, which the chain does not show yet. */
  readonly #leaving = new Set<Hex>()

  constructor(deps: ChannelFundingDeps) {
    this.#deps = deps
    this.#trust = new TrustLimits(deps)
  }

  /** Returns the money of a channel that is kept. */
  async of(channelId: Hex): Promise<ChannelFunds> {
    const record = await this.#deps.store.channel(channelId, 'payer')
    if (!record) throw new HubError('hub/provider-away', 'This provider has no channel here.')
    return this.ofRecord(record)
  }

  async ofRecord(record: ChannelRecord): Promise<ChannelFunds> {
    const { watch, jobs } = this.#deps
    const state = await watch.state(record.channelId)
    const kept = state.balance - (state.withdrawal?.amount ?? 0n)
    const promisedMicroUsd = usedOf(record.voucher, state)
    const lockedMicroUsd = kept - promisedMicroUsd
    const isWithdrawing = state.withdrawal !== null || this.#leaving.has(record.channelId)
    const freeMicroUsd = lockedMicroUsd - jobs.reservedFor(record.channelId)
    return { record, promisedMicroUsd, lockedMicroUsd, freeMicroUsd, isWithdrawing }
  }

  /**
   * Hands `announce` what of a channel may be taken back, and keeps new jobs and deposits off it meanwhile. Does
   * nothing where a job or a deposit was first.
   */
  async takeBack(channelId: Hex, announce: (lockedMicroUsd: MicroUsd) => Promise<void>): Promise<void> {
    if (this.#depositing.has(channelId)) return
    this.#leaving.add(channelId)
    try {
      const { lockedMicroUsd, freeMicroUsd } = await this.of(channelId)
      if (freeMicroUsd === lockedMicroUsd) await announce(lockedMicroUsd)
    } finally {
      this.#leaving.delete(channelId)
    }
  }

  /** Returns what may still be deposited for a channel's provider, whatever its channels. */
  async roomFor({ config }: ChannelRecord): Promise<MicroUsd> {
    const { store, policy } = this.#deps
    const records = await store.channelsTo(config.receiverAuthorizer)
    const all = await Promise.all(records.map((record) => this.ofRecord(record)))
    return all.reduce((room, { lockedMicroUsd }) => room - lockedMicroUsd, policy.maxOpenMicroUsd)
  }

  /**
   * Deposits what its provider has earned so far gives reason for, or more where more is needed. One deposit into a
   * channel at a time; who comes meanwhile waits for the same. `payerChannelId` is the requester's whose job needs it.
   * @throws HubError `hub/out-of-funds`, `hub/busy` when too much is set aside on trust
   * @throws ChainError
   */
  deposit(channelId: Hex, atLeastMicroUsd: MicroUsd, payerChannelId: Hex | null = null): Promise<void> {
    const current =
      this.#depositing.get(channelId) ??
      this.#deposit(channelId, atLeastMicroUsd, payerChannelId)
        .catch((error: unknown) => Promise.reject(this.#failed(error)))
        .finally(() => {
          this.#trust.release(channelId)
          this.#depositing.delete(channelId)
        })
    this.#depositing.set(channelId, current)
    return current
  }

  async #deposit(channelId: Hex, atLeast: MicroUsd, payerChannelId: Hex | null): Promise<void> {
    const { chain, signer, watch, log } = this.#deps
    const funds = await this.of(channelId)
    const amount = await this.#amountFor(funds, atLeast, payerChannelId)
    const { balance } = await watch.refresh(channelId)
    await chain.deposit(funds.record.config, amount, signer)
    log('hub-deposit', { microUsd: Number(amount) })
    await this.#untilAbove(balance, channelId)
  }

  /** A node may lag behind the one that took the deposit; depositing once more would not help. */
  async #untilAbove(balance: MicroUsd, channelId: Hex): Promise<void> {
    const { watch, clock } = this.#deps
    for (let look = 0; look < looksForDeposit; look++) {
      if ((await watch.refresh(channelId)).balance > balance) return
      await clock.sleep(lookIntervalMs)
    }
    throw new ChainError('chain/timeout', "The chain does not show the hub's deposit.")
  }

  async #amountFor(
    { record, lockedMicroUsd, promisedMicroUsd }: ChannelFunds,
    leastMicroUsd: MicroUsd,
    payerChannelId: Hex | null,
  ): Promise<MicroUsd> {
    const { chain, signer, policy } = this.#deps
    const [room, balanceMicroUsd] = await Promise.all([this.roomFor(record), chain.balance(signer.address)])
    const usual = depositAfter(promisedMicroUsd, policy)
    const wanted = usual > leastMicroUsd ? usual : leastMicroUsd
    const amountMicroUsd = lowest(wanted, room, balanceMicroUsd)
    if (amountMicroUsd < leastMicroUsd || amountMicroUsd <= 0n) throw outOfFunds()
    if (onTrust(lockedMicroUsd + amountMicroUsd, promisedMicroUsd) === 0n) return amountMicroUsd
    const { channelId } = record
    return this.#trust.admit({ channelId, amountMicroUsd, leastMicroUsd, balanceMicroUsd, payerChannelId })
  }

  #failed(error: unknown): unknown {
    const code = error instanceof BaseError ? error.code : 'unknown'
    this.#deps.log('hub-deposit-failed', { code })
    if (!emptyCodes.has(code)) return error
    this.outOfFunds += 1
    return outOfFunds(error)
  }
}

function lowest(...amounts: MicroUsd[]): MicroUsd {
  return amounts.reduce((least, amount) => (amount < least ? amount : least))
}

function outOfFunds(cause?: unknown): HubError {
  return new HubError('hub/out-of-funds', 'The hub has too little money to pay this provider from.', {
    cause,
  })
}
