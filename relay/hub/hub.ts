import type { PeerId } from '../../src/domain/bytes.ts'
import type { HubTerms } from '../../src/domain/hub.ts'
import type { Network } from '../../src/domain/network.ts'
import type { Chain, Clock, Signer } from '../../src/ports/index.ts'
import type { StreamHandler } from '../../src/ports/transport.ts'
import { type ProtocolSpec, hubEarnProtocol, hubPayProtocol } from '../../src/protocol/protocols.ts'
import type { RelayLog } from '../log.ts'
import { createChannelWatch } from './channel-watch.ts'
import { createClaims } from './claims.ts'
import { createEarnDesk } from './earn-desk.ts'
import { type HubFigures, createFigures } from './figures.ts'
import { createForwarder } from './forwarder.ts'
import { guardPayers } from './guard-payers.ts'
import type { HubPolicy } from './hub-policy.ts'
import type { HubStore } from './hub-store.ts'
import { OpenJobs } from './open-jobs.ts'
import { createPayDesk } from './pay-desk.ts'
import { createProviderChannels } from './provider-channels.ts'
import { createServiceDesk } from './service-desk.ts'

/** What a hub is made of. */
export type HubDeps = {
  network: Network
  chain: Chain
  /** The hub's account: receives, pays, signs, and sends transactions. */
  signer: Signer
  /** The relay that it runs on. */
  peerId: PeerId
  store: HubStore
  clock: Clock
  log: RelayLog
  policy: HubPolicy
}

/** A protocol that a hub answers, and how. */
export type HubProtocol = { spec: ProtocolSpec; answer: StreamHandler }

/** A hub at work. */
export type RunningHub = {
  terms: HubTerms
  protocols: HubProtocol[]
  figures(): Promise<HubFigures>
  /** Ends all lines, and claims what is worth it. */
  stop(): Promise<void>
}

/** A claim at the end may take so long before the hub stops without it, in milliseconds. */
const lastClaimMs = 15_000

/** Starts a hub: it takes jobs and payments from requesters, pays providers, and claims what it earned. */
export function createHub(deps: HubDeps): RunningHub {
  const { network, chain, signer, store, clock, log, policy } = deps
  const stopping = new AbortController()
  const terms = termsOf(deps)
  const jobs = new OpenJobs(clock)
  const watch = createChannelWatch({
    chain,
    clock,
    onWithdrawal: (channelId) => {
      log('hub-withdrawal-seen')
      claims.claimNow([channelId]).catch(() => {})
    },
  })
  const claims = createClaims({ chain, signer, store, watch, clock, log, policy })
  const channels = createProviderChannels({ network, chain, signer, store, clock, watch, jobs, log, policy })
  const earn = createEarnDesk({ network, signer, clock, channels, jobs, log })
  const forwarder = createForwarder({ ...deps, coveredMicroUsd: watch.coveredMicroUsd })
  const pay = createPayDesk({ ...deps, watch, jobs, earn, channels, forwarder })
  const desk = createServiceDesk({
    ...deps,
    terms,
    weiPerMicroUsd: policy.weiPerMicroUsd,
    freeze: (channelId) => jobs.freeze(channelId),
    onChanged: (channelIds) => watch.refreshAll(channelIds),
  })
  const guarding = guardPayers({ store, watch, jobs, claims, clock, log, policy }, stopping.signal)
  log('hub-started', { spreadMillionths: policy.spreadMillionths })
  return {
    terms,
    protocols: [
      { spec: hubPayProtocol, answer: pay.answer },
      { spec: hubEarnProtocol, answer: earn.answer },
      desk,
    ],
    figures: createFigures({ store, watch, jobs, pay, earn, channels, chain, account: signer.address }),
    async stop() {
      stopping.abort()
      earn.stop()
      await pay.stop()
      jobs.clear()
      const claimed = guarding.then(() => claims.claimWorthwhile()).catch(() => {})
      const enough = new AbortController()
      await Promise.race([claimed, clock.sleep(lastClaimMs, enough.signal).catch(() => {})])
      enough.abort()
    },
  }
}

function termsOf({ network, signer, peerId, policy }: HubDeps): HubTerms {
  const { chainId, settlement, token } = network
  const { spreadMillionths } = policy
  return { account: signer.address, peerId, spreadMillionths, chainId, settlement, token }
}
