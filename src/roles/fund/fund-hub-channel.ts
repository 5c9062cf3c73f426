import type { Hex } from '../../domain/bytes.ts'
import type { Hub } from '../../domain/hub.ts'
import type { MicroUsd } from '../../domain/price.ts'
import { HubError } from '../../errors/index.ts'
import type { ChannelRecord } from '../../ports/index.ts'
import type { KnownHubs } from '../hub/known-hubs.ts'
import { type HubDepositDeps, sendDeposit, signDeposit } from './deposit-through-hub.ts'
import { LiveJobs } from './live-jobs.ts'
import {
  type FundingStep,
  type OpenChannel,
  addChannel,
  freeMicroUsd,
  sizeDeposit,
  usableChannels,
} from './payer-channels.ts'
import { type SignedDeposit, openDeposit } from './signed-deposits.ts'

/** Deposits for one answer: others that start at once may be served first. */
const maxDeposits = 3

/** What channels to hubs are funded with. */
export type HubFundingDeps = HubDepositDeps & { hubs: KnownHubs }

/** A job that is to be paid through a hub, and the most that it may cost with the spread. */
export type HubFundingJob = { jobId: Hex; mostMicroUsd: MicroUsd }

/** A channel whose money is reserved for a job, until `jobs` releases it. */
export type FundedHubChannel = { record: ChannelRecord; balanceMicroUsd: MicroUsd }

/** Channels to hubs, each of which pays for many answers at once. */
export class HubFunding {
  readonly jobs = new LiveJobs()
  readonly #deps: HubFundingDeps
  #turn: Promise<unknown> = Promise.resolve()

  constructor(deps: HubFundingDeps) {
    this.#deps = deps
  }

  /**
   * Returns a channel to the hub that covers the job on top of all that is open on it, depositing first where none
   * does. The hub sends the deposit, so that the wallet needs no gas.
   * @param topUp deposits in any case: answers in other tabs may have reserved what looks free here
   * @throws ChainError `chain/insufficient-funds`, HubError when the hub does not send it
   */
  async *fund(
    hub: Hub,
    job: HubFundingJob,
    topUp = false,
  ): AsyncGenerator<FundingStep, FundedHubChannel, void> {
    for (let deposits = 0; deposits <= maxDeposits; deposits++) {
      const mustDeposit = topUp && deposits === 0
      const funded = mustDeposit ? null : await this.#reserve(hub, job)
      if (funded) return funded
      if (deposits < maxDeposits) yield* this.#deposit(hub, job.mostMicroUsd, mustDeposit)
    }
    throw new HubError('hub/underfunded', 'Other answers take what is deposited for this one.')
  }

  /** Returns what the hub takes for the deposit that such a job would need; null where it needs none. */
  async depositFee(hub: Hub, mostMicroUsd: MicroUsd): Promise<MicroUsd | null> {
    const best = await this.#best(hub).catch(() => undefined)
    if (best && this.#unreserved(best) >= mostMicroUsd) return null
    return this.#deps.hubs.feeFor(hub.peerId, 'deposit').catch(() => null)
  }

  async #reserve(hub: Hub, { jobId, mostMicroUsd }: HubFundingJob): Promise<FundedHubChannel | null> {
    const channels = await usableChannels(hub.account, this.#deps)
    const found = channels.find((channel) => this.#unreserved(channel) >= mostMicroUsd)
    if (!found) return null
    const { record, state } = found
    this.jobs.hold(jobId, record.channelId, mostMicroUsd)
    return { record, balanceMicroUsd: state.balance }
  }

  async *#deposit(
    hub: Hub,
    mostMicroUsd: MicroUsd,
    mustDeposit: boolean,
  ): AsyncGenerator<FundingStep, void, void> {
    const best = await this.#best(hub)
    const missing = mostMicroUsd - (best ? this.#unreserved(best) : 0n)
    const { feeMicroUsd } = await this.#deps.hubs.client(hub.peerId).quote('deposit')
    const least = missing > 0n ? missing : mostMicroUsd
    const amountMicroUsd = yield* sizeDeposit(least + feeMicroUsd, this.#deps)
    yield { stage: 'deposit', amountMicroUsd, feeMicroUsd }
    const made = await this.#inTurn(async () => {
      // Before the channels are read, so that they show what has been made.
      const earlier = await this.#earlier(hub)
      const channel = await this.#best(hub)
      // Another answer's deposit may have come first, and be enough for both.
      if (!mustDeposit && channel && this.#unreserved(channel) >= mostMicroUsd) return null
      const record = earlier?.record ?? channel?.record ?? (await addChannel(hub.account, this.#deps))
      const signed = earlier?.signed ?? (await signDeposit(record, amountMicroUsd, feeMicroUsd, this.#deps))
      const sent = await sendDeposit(record, signed, this.#deps.hubs.client(hub.peerId), this.#deps)
      return { ...sent, channelId: record.channelId }
    })
    if (made) yield { stage: 'deposited', ...made }
  }

  /** Returns a deposit that may be on its way already. */
  async #earlier(hub: Hub): Promise<{ record: ChannelRecord; signed: SignedDeposit } | null> {
    for (const { record } of await usableChannels(hub.account, this.#deps)) {
      const signed = await openDeposit(record.channelId, this.#deps)
      if (signed) return { record, signed }
    }
    return null
  }

  async #best(hub: Hub): Promise<OpenChannel | undefined> {
    const channels = await usableChannels(hub.account, this.#deps)
    return channels.toSorted((a, b) => Number(this.#unreserved(b) - this.#unreserved(a)))[0]
  }

  #unreserved(channel: OpenChannel): MicroUsd {
    return freeMicroUsd(channel) - this.jobs.reservedOn(channel.record.channelId)
  }

  #inTurn<result>(work: () => Promise<result>): Promise<result> {
    const mine = this.#turn.then(work)
    this.#turn = mine.catch(() => {})
    return mine
  }
}
