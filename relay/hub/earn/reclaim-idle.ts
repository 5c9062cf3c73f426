import type { Hex } from '../../../src/domain/bytes.ts'
import { toPeerError } from '../../../src/errors/index.ts'
import type { Chain, ChannelRecord, Clock, Signer } from '../../../src/ports/index.ts'
import type { RelayLog } from '../../log.ts'
import type { HubStore } from '../books/hub-store.ts'
import type { ChannelWatch } from '../channel-watch.ts'
import { gasMicroUsd } from '../gas-cost.ts'
import type { HubPolicy } from '../hub-policy.ts'
import type { OpenJobs } from '../open-jobs.ts'
import type { ChannelFunding } from './channel-funding.ts'
import type { EarnDesk } from './earn-desk.ts'

/** Taking back takes two transactions. */
const transactions = 2n

/** What idle channels are taken back with. */
export type ReclaimDeps = {
  chain: Chain
  signer: Signer
  store: HubStore
  watch: ChannelWatch
  jobs: Pick<OpenJobs, 'reservedFor'>
  earn: Pick<EarnDesk, 'lineOf'>
  funding: ChannelFunding
  clock: Pick<Clock, 'nowMs'>
  log: RelayLog
  policy: HubPolicy
}

/** Takes back what lies in channels of providers that stay away; what was promised to them stays theirs. */
export class IdleChannels {
  readonly #deps: ReclaimDeps
  readonly #usedAtMs = new Map<Hex, number>()

  constructor(deps: ReclaimDeps) {
    this.#deps = deps
  }

  /** Looks at all channels to providers once. One that fails does not keep the others. */
  async reclaim(): Promise<void> {
    for (const record of await this.#deps.store.channels('payer')) {
      await this.#reclaim(record).catch((error: unknown) => {
        const { code } = toPeerError(error, { code: 'chain/unreachable', shortMessage: '' })
        this.#deps.log('hub-reclaim-failed', { code })
      })
    }
  }

  async #reclaim(record: ChannelRecord): Promise<void> {
    const { watch, clock, policy } = this.#deps
    const { channelId, config, voucher } = record
    const idleMs = voucher === null ? policy.idleUnpaidMs : policy.idleChannelMs
    const { withdrawal } = watch.lastHeard(channelId) ?? (await watch.refresh(channelId))
    if (withdrawal) {
      const dueMs = (withdrawal.initiatedAtSeconds + config.withdrawDelay) * 1000
      if (clock.nowMs() >= dueMs) await this.#finish(record)
    } else if (clock.nowMs() - this.#usedAt(record) >= idleMs) await this.#start(record)
  }

  /**
   * A channel that nothing is known of counts as used when it was first looked at. To be there is not enough for a
   * provider that was never paid: anybody can be there.
   */
  #usedAt({ channelId, config, voucher }: ChannelRecord): number {
    const { clock, earn, jobs } = this.#deps
    const isThere = voucher !== null && earn.lineOf(config.receiverAuthorizer) !== null
    const isInUse = isThere || jobs.reservedFor(channelId) > 0n
    const usedAtMs = isInUse ? clock.nowMs() : (this.#usedAtMs.get(channelId) ?? clock.nowMs())
    this.#usedAtMs.set(channelId, usedAtMs)
    return usedAtMs
  }

  async #start({ channelId, config }: ChannelRecord): Promise<void> {
    const { chain, signer, watch, funding, log } = this.#deps
    await watch.refresh(channelId)
    await funding.takeBack(channelId, async (lockedMicroUsd) => {
      if (lockedMicroUsd <= transactions * (await gasMicroUsd('transfer', 1, this.#deps))) return
      await chain.initiateWithdraw(config, lockedMicroUsd, signer)
      log('hub-reclaim-started', { microUsd: Number(lockedMicroUsd) })
      await watch.refresh(channelId)
    })
  }

  async #finish({ channelId, config }: ChannelRecord): Promise<void> {
    const { chain, signer, watch, log } = this.#deps
    await chain.finalizeWithdraw(config, signer)
    log('hub-reclaimed', { channels: 1 })
    this.#usedAtMs.delete(channelId)
    await watch.refresh(channelId)
  }
}
