import type { HubTerms } from '../../src/domain/hub.ts'
import { ChainError } from '../../src/errors/index.ts'
import { hubEarnProtocol, hubPayProtocol } from '../../src/protocol/protocols.ts'
import { within } from '../../src/roles/common/within.ts'
import { createChannelWatch } from './channel-watch.ts'
import { createServiceDesk } from './desk/service-desk.ts'
import { ChannelFunding } from './earn/channel-funding.ts'
import { createClaims } from './earn/claims.ts'
import { createEarnDesk } from './earn/earn-desk.ts'
import { createProviderChannels } from './earn/provider-channels.ts'
import { IdleChannels } from './earn/reclaim-idle.ts'
import { type HubFigures, createFigures } from './figures.ts'
import { guardMoney } from './guard-money.ts'
import type { HubDeps, HubProtocol } from './hub-deps.ts'
import { OpenJobs } from './open-jobs.ts'
import { createForwarder } from './pay/forwarder.ts'
import { createPayDesk } from './pay/pay-desk.ts'
import { PayerFees } from './pay/payer-fees.ts'
import { Refunds } from './pay/refunds.ts'

/** A hub at work. */
export type RunningHub = {
  terms: HubTerms
  protocols: HubProtocol[]
  figures(): Promise<HubFigures>
  /** Ends all lines, and claims what is worth it. */
  stop(): Promise<void>
}

/** What is under way and the last claim may take so long before the hub stops without them, in milliseconds. */
const stopMs = 15_000

/** Starts a hub: it takes jobs and payments from requesters, pays providers, and claims what it earned. */
export function createHub(deps: HubDeps): RunningHub {
  const { network, chain, signer, store, clock, log, policy } = deps
  const stopping = new AbortController()
  const terms = termsOf(deps)
  const jobs = new OpenJobs(clock)
  const watch = createChannelWatch({
    chain,
    clock,
    // A failure is in the log, and the claim is made again while the withdrawal waits.
    onWithdrawal: (channelId) => void claims.claimThreatened([channelId]).catch(() => {}),
  })
  const claims = createClaims({ chain, signer, store, watch, clock, log, policy })
  const funding = new ChannelFunding({ chain, signer, store, clock, watch, jobs, log, policy })
  const channels = createProviderChannels({ network, store, clock, funding, policy, log })
  const earn = createEarnDesk({ network, signer, clock, channels, jobs, log })
  const forwarder = createForwarder({ ...deps, coveredMicroUsd: watch.coveredMicroUsd })
  const fees = new PayerFees({ store, clock, log })
  const refunds = new Refunds({ chain, signer, store, watch, fees, clock, log })
  const pay = createPayDesk({ ...deps, watch, jobs, earn, channels, forwarder, refunds })
  const desk = createServiceDesk({
    ...deps,
    terms,
    fees,
    refunds,
    weiPerMicroUsd: policy.weiPerMicroUsd,
    freeze: (channelId) => jobs.freeze(channelId),
    onChanged: (channelIds) => watch.refreshAll(channelIds),
  })
  const money = { chain, signer, store, watch, jobs, clock, log, policy }
  const idle = new IdleChannels({ ...money, earn, funding })
  const guarding = guardMoney({ ...money, claims, refunds, idle }, stopping.signal)
  log('hub-started', { spreadMillionths: policy.spreadMillionths })
  return {
    terms,
    protocols: [
      { spec: hubPayProtocol, answer: pay.answer },
      { spec: hubEarnProtocol, answer: earn.answer },
      desk,
    ],
    figures: createFigures({ store, watch, jobs, pay, earn, funding, chain, account: signer.address }),
    async stop() {
      stopping.abort()
      earn.stop()
      const ended = Promise.all([pay.stop(), guarding]).then(() => claims.claimWorthwhile())
      await within(stopMs, ended, chainIsSlow, clock).catch(() => {})
      jobs.clear()
    },
  }
}

function termsOf({ network, signer, peerId, policy }: HubDeps): HubTerms {
  const { chainId, settlement, token } = network
  const { spreadMillionths } = policy
  return { account: signer.address, peerId, spreadMillionths, chainId, settlement, token }
}

function chainIsSlow(): ChainError {
  return new ChainError('chain/timeout', 'The chain takes too long for a hub that stops.')
}
