import type { Hex } from '../../domain/bytes.ts'
import {
  type ChannelConfig,
  type ChannelState,
  type Voucher,
  promisedBy,
  usedOf,
} from '../../domain/channel.ts'
import type { MicroUsd } from '../../domain/price.ts'
import { LedgerError, ProtocolError } from '../../errors/index.ts'
import { channelIdOf } from '../../ledger/channel-id.ts'
import { SharedChannel } from '../../ledger/shared-channel.ts'
import { verifyVoucher } from '../../ledger/verify-voucher.ts'
import type { Chain, Clock, EarningStore } from '../../ports/index.ts'
import type { HubEarnEvent } from '../../protocol/hub-messages.ts'
import type { JobPayments } from './job-payments.ts'

/** What a channel from a hub is kept with. */
export type EarnChannelDeps = { chain: Chain; vouchers: EarningStore; clock: Pick<Clock, 'nowMs'> }

/** What a hub gave when the provider registered. */
export type Registered = Omit<Extract<HubEarnEvent, { type: 'registered' }>, 'type'>

/** A hub's payment for a job. */
export type IncomingPayment = Omit<Extract<HubEarnEvent, { type: 'pay' }>, 'type'>

/** Money that is known to be there is not asked for again for so long. */
const stateAgeMs = 60_000
/** Jobs whose payments are told; of more, the oldest are forgotten. */
const watchedJobs = 1_000

/**
 * The channel through which a hub pays this tab for many jobs, and other tabs of the account for theirs: what pays for
 * one job pays for no other, in whichever tab. It outlives the line to the hub.
 */
export class EarnChannel {
  readonly channelId: Hex
  readonly #config: ChannelConfig
  readonly #deps: EarnChannelDeps
  readonly #shared: SharedChannel
  readonly #watchers = new Map<Hex, Set<() => void>>()
  #promisedMicroUsd: MicroUsd
  #state: ChannelState
  #readAtMs: number
  #turn: Promise<unknown> = Promise.resolve()

  constructor(config: ChannelConfig, promised: MicroUsd, state: ChannelState, deps: EarnChannelDeps) {
    this.channelId = channelIdOf(config, deps.chain.network)
    this.#config = config
    this.#deps = deps
    this.#shared = new SharedChannel(promised)
    this.#promisedMicroUsd = promised
    this.#state = state
    this.#readAtMs = deps.clock.nowMs()
  }

  /** What the channel's vouchers promise so far. */
  get promisedMicroUsd(): MicroUsd {
    return this.#promisedMicroUsd
  }

  /**
   * Goes on from the highest voucher that the hub says it has given: payments may have been lost with a line.
   * @param isNew whether this browser has held none of the channel, and so done nothing of what it promises
   * @throws LedgerError when it is not the hub's, or not covered; ChainError when that cannot be read
   */
  async resume(voucher: Voucher | null, isNew = false): Promise<void> {
    const promised = promisedBy(voucher)
    if (voucher && promised > this.#promisedMicroUsd) await this.#keep(voucher, isNew ? promised : 0n)
  }

  /**
   * Keeps a payment on disk and counts it for its job, if this tab does that one.
   * @throws LedgerError for a voucher that is foreign, forged or uncovered, or does not cover the job's total
   */
  pay(payment: IncomingPayment): Promise<void> {
    // One at a time, also where two lines overlap: each asks the disk for what its job has not been paid yet.
    const turn = this.#turn.then(() => this.#pay(payment))
    this.#turn = turn.catch(() => {})
    return turn
  }

  async #pay({ jobId, chargeMicroUsd, voucher }: IncomingPayment): Promise<void> {
    const watchers = this.#watchers.get(jobId)
    const before = this.#shared.paidMicroUsd(jobId)
    const rise = watchers && chargeMicroUsd > before ? chargeMicroUsd - before : 0n
    const attributed = await this.#keep(voucher, rise)
    // What was promised before this channel was opened here pays for no job of this tab.
    const paid = this.#shared.attribute(jobId, before + attributed, this.#promisedMicroUsd)
    if (!watchers) return
    for (const onPaid of watchers) onPaid()
    if (paid < chargeMicroUsd) {
      throw new LedgerError('ledger/unattributed', "The hub's vouchers do not cover what it says it paid.")
    }
  }

  /** Returns what a job is paid through this channel from now on: payments count in the tab that does it alone. */
  payments(jobId: Hex): JobPayments {
    const watchers = this.#watchersOf(jobId)
    return {
      paidMicroUsd: () => this.#shared.paidMicroUsd(jobId),
      watchPaid(onPaid) {
        watchers.add(onPaid)
        return () => watchers.delete(onPaid)
      },
      async take() {
        throw new ProtocolError(
          'protocol/unexpected-frame',
          'A hub pays for this answer; it takes no voucher.',
        )
      },
    }
  }

  /** Returns what is deposited and neither promised nor being withdrawn; read anew when it seems below `needed`. */
  async freeMicroUsd(needed: MicroUsd): Promise<MicroUsd> {
    const isOld = this.#deps.clock.nowMs() - this.#readAtMs > stateAgeMs
    if (isOld || this.#free() < needed) await this.#read()
    return this.#free()
  }

  /** Keeps a voucher, and returns what of the rise that is wanted the disk attributes. */
  async #keep(voucher: Voucher, wantedMicroUsd: MicroUsd): Promise<MicroUsd> {
    const { channelId } = this
    const { payerAuthorizer } = this.#config
    await verifyVoucher(voucher, { channelId, payerAuthorizer }, this.#deps.chain.network)
    if (voucher.maxClaimableAmount > this.#state.balance) await this.#read()
    if (voucher.maxClaimableAmount > this.#state.balance) {
      throw new LedgerError('ledger/over-balance', 'The hub promises more than its channel holds.', {
        fault: 'peer',
      })
    }
    const { kept, attributedMicroUsd } = await this.#deps.vouchers.attribute(voucher, wantedMicroUsd)
    const promised = promisedBy(kept)
    if (promised > this.#promisedMicroUsd) this.#promisedMicroUsd = promised
    return attributedMicroUsd
  }

  async #read(): Promise<void> {
    this.#state = await this.#deps.chain.channel(this.channelId)
    this.#readAtMs = this.#deps.clock.nowMs()
  }

  #free(): MicroUsd {
    const { balance, withdrawal } = this.#state
    const secured = balance - (withdrawal?.amount ?? 0n)
    return secured > this.#promisedMicroUsd ? secured - this.#promisedMicroUsd : 0n
  }

  #watchersOf(jobId: Hex): Set<() => void> {
    const watchers = this.#watchers.get(jobId) ?? new Set()
    this.#watchers.set(jobId, watchers)
    for (const oldest of this.#watchers.keys()) {
      if (this.#watchers.size <= watchedJobs) break
      this.#watchers.delete(oldest)
    }
    return watchers
  }
}

/**
 * Opens a checked channel that a hub gave, and keeps it on disk. What was promised before pays for no new job.
 * @throws LedgerError when the hub's last voucher is not its own, or not covered; ChainError when it cannot be read
 */
export async function openEarnChannel(
  { channel: config, voucher }: Registered,
  deps: EarnChannelDeps,
): Promise<EarnChannel> {
  const { chain, vouchers } = deps
  const { chainId, settlement } = chain.network
  const channelId = channelIdOf(config, chain.network)
  const state = await chain.channel(channelId)
  const claimedMicroUsd = state.totalClaimed
  const record = { channelId, config, chainId, settlement, voucher: null, claimedMicroUsd }
  await vouchers.addChannel({ ...record, side: 'receiver', attributedMicroUsd: claimedMicroUsd })
  const kept = (await vouchers.channel(channelId, 'receiver'))?.voucher ?? null
  const earlier = new EarnChannel(config, usedOf(kept, state), state, deps)
  await earlier.resume(voucher, kept === null)
  return new EarnChannel(config, earlier.promisedMicroUsd, state, deps)
}
