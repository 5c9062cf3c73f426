import type { Address } from '../../src/domain/bytes.ts'
import type { ChannelState } from '../../src/domain/channel.ts'
import type { MicroUsd } from '../../src/domain/price.ts'
import type { Chain } from '../../src/ports/index.ts'
import type { HubStore } from './books/hub-store.ts'
import type { ChannelWatch } from './channel-watch.ts'
import type { ChannelFunding } from './earn/channel-funding.ts'
import type { EarnDesk } from './earn/earn-desk.ts'
import type { OpenJobs } from './open-jobs.ts'
import type { PayDesk } from './pay/pay-desk.ts'

/** What a hub tells its host about itself. Amounts in micro-dollars. */
export type HubFigures = {
  jobsOpen: number
  jobsTotal: number
  /** Lines now: of jobs that are being paid, and of providers. */
  payLines: number
  earnLines: number
  /** Channels to providers, all that ever were. */
  providerChannels: number
  /** Charged by providers and handed on. */
  volumeMicroUsd: MicroUsd
  /** Taken from requesters on top of it. */
  spreadMicroUsd: MicroUsd
  feesMicroUsd: MicroUsd
  /** Earned from payers and not yet claimed on the chain. */
  unclaimedMicroUsd: MicroUsd
  /** Promised to providers against what is not yet claimed from payers. */
  exposureMicroUsd: MicroUsd
  /** Deposited for providers and not yet promised to them. */
  lockedMicroUsd: MicroUsd
  /** Token balance of the hub's account. */
  freeMicroUsd: MicroUsd
  /** Jobs refused because the hub could not pay a provider. */
  outOfFunds: number
}

/** What the figures are read from. */
export type FiguresDeps = {
  store: HubStore
  watch: ChannelWatch
  jobs: Pick<OpenJobs, 'size'>
  pay: Pick<PayDesk, 'size'>
  earn: Pick<EarnDesk, 'size'>
  funding: Pick<ChannelFunding, 'outOfFunds'>
  chain: Chain
  account: Address
}

/** Returns a reader of a hub's figures. What the chain cannot tell now stays as it was told last. */
export function createFigures(deps: FiguresDeps): () => Promise<HubFigures> {
  const { store, watch, jobs, pay, earn, funding, chain, account } = deps
  let freeMicroUsd = 0n

  /** A channel that nothing was heard of since the start is read once. */
  const readPaid = async () => {
    const promises = await store.promises()
    await watch.refreshAll(
      promises.flatMap(({ channelId }) => (watch.lastHeard(channelId) ? [] : [channelId])),
    )
    const locked = promises.map(({ channelId, promisedMicroUsd }) => {
      const { balance, totalClaimed } = watch.lastHeard(channelId) ?? unknownState
      return atLeastZero(balance - higher(promisedMicroUsd, totalClaimed))
    })
    return { channels: promises.length, locked: sum(locked) }
  }

  const readUnclaimed = async () => {
    const earned = await store.unclaimed()
    return sum(
      earned.map(({ channelId, attributedMicroUsd, claimedMicroUsd }) => {
        const heard = watch.lastHeard(channelId)?.totalClaimed ?? 0n
        return atLeastZero(attributedMicroUsd - higher(heard, claimedMicroUsd))
      }),
    )
  }

  return async () => {
    const [totals, paid, unclaimedMicroUsd, balance] = await Promise.all([
      store.totals(),
      readPaid(),
      readUnclaimed(),
      chain.balance(account).catch(() => freeMicroUsd),
    ])
    freeMicroUsd = balance
    return {
      jobsOpen: jobs.size,
      jobsTotal: totals.jobs,
      payLines: pay.size,
      earnLines: earn.size,
      providerChannels: paid.channels,
      volumeMicroUsd: totals.volumeMicroUsd,
      spreadMicroUsd: totals.spreadMicroUsd,
      feesMicroUsd: totals.feesMicroUsd,
      unclaimedMicroUsd,
      exposureMicroUsd: atLeastZero(totals.promisedMicroUsd - totals.claimedMicroUsd),
      lockedMicroUsd: paid.locked,
      freeMicroUsd,
      outOfFunds: funding.outOfFunds,
    }
  }
}

const unknownState: ChannelState = { balance: 0n, totalClaimed: 0n, withdrawal: null }
const sum = (amounts: MicroUsd[]) => amounts.reduce((total, amount) => total + amount, 0n)
const higher = (one: MicroUsd, other: MicroUsd) => (one > other ? one : other)
const atLeastZero = (amount: MicroUsd) => (amount > 0n ? amount : 0n)
