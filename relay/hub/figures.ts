import type { Address } from '../../src/domain/bytes.ts'
import { type ChannelState, promisedBy, usedOf } from '../../src/domain/channel.ts'
import type { MicroUsd } from '../../src/domain/price.ts'
import type { Chain } from '../../src/ports/index.ts'
import type { ChannelFunding } from './channel-funding.ts'
import type { ChannelWatch } from './channel-watch.ts'
import type { EarnDesk } from './earn-desk.ts'
import type { HubStore } from './hub-store.ts'
import type { OpenJobs } from './open-jobs.ts'
import type { PayDesk } from './pay-desk.ts'

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
  const statesOf = async (side: 'payer' | 'receiver') => {
    const records = await store.channels(side)
    await watch.refreshAll(
      records.flatMap(({ channelId }) => (watch.lastHeard(channelId) ? [] : [channelId])),
    )
    return records.map((record) => ({ record, state: watch.lastHeard(record.channelId) ?? unknownState }))
  }

  const readPaid = async () => {
    const paying = await statesOf('payer')
    return {
      channels: paying.length,
      promised: sum(paying.map(({ record }) => promisedBy(record.voucher))),
      locked: sum(
        paying.map(({ record, state }) => atLeastZero(state.balance - usedOf(record.voucher, state))),
      ),
    }
  }

  const readEarned = async () => {
    const earning = await statesOf('receiver')
    const attributed = await Promise.all(earning.map(({ record }) => store.attributed(record.channelId)))
    return {
      claimed: sum(earning.map(({ state }) => state.totalClaimed)),
      unclaimed: sum(
        earning.map(({ state }, at) => atLeastZero((attributed[at] ?? 0n) - state.totalClaimed)),
      ),
    }
  }

  return async () => {
    const [totals, paid, earned, balance] = await Promise.all([
      store.totals(),
      readPaid(),
      readEarned(),
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
      unclaimedMicroUsd: earned.unclaimed,
      exposureMicroUsd: atLeastZero(paid.promised - earned.claimed),
      lockedMicroUsd: paid.locked,
      freeMicroUsd,
      outOfFunds: funding.outOfFunds,
    }
  }
}

const unknownState: ChannelState = { balance: 0n, totalClaimed: 0n, withdrawal: null }
const sum = (amounts: MicroUsd[]) => amounts.reduce((total, amount) => total + amount, 0n)
const atLeastZero = (amount: MicroUsd) => (amount > 0n ? amount : 0n)
