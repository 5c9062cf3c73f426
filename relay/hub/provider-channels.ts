import { type Hex, sameAddress } from '../../src/domain/bytes.ts'
import { type ChannelConfig, usedOf } from '../../src/domain/channel.ts'
import type { Network } from '../../src/domain/network.ts'
import type { MicroUsd } from '../../src/domain/price.ts'
import { BaseError, ChainError, HubError } from '../../src/errors/index.ts'
import { channelIdOf } from '../../src/ledger/channel-id.ts'
import type { Payee } from '../../src/ledger/sign-hub.ts'
import type { Chain, ChannelRecord, Clock, Signer } from '../../src/ports/index.ts'
import type { RelayLog } from '../log.ts'
import type { ChannelWatch } from './channel-watch.ts'
import type { HubPolicy } from './hub-policy.ts'
import type { HubStore } from './hub-store.ts'
import type { OpenJobs } from './open-jobs.ts'

/** A deposit that is mined shows within so many looks, this far apart. */
const looksForDeposit = 20
const lookIntervalMs = 1_000
/** The hub's own want of money. */
const emptyCodes: ReadonlySet<string> = new Set(['hub/out-of-funds', 'chain/insufficient-funds'])
/** How long a job waits for the hub's deposit, in milliseconds. */
const fundingTimeoutMs = 45_000

/** What the hub's channels to providers are made of. */
export type ProviderChannelsDeps = {
  network: Network
  chain: Chain
  signer: Signer
  store: HubStore
  clock: Clock
  watch: ChannelWatch
  jobs: OpenJobs
  log: RelayLog
  policy: HubPolicy
}

/** The hub's channels to providers, funded on demand. */
export interface ProviderChannels {
  /** Returns the channel that a provider asks for: the same one each time, funded or not. */
  channelFor(payee: Payee): Promise<ChannelRecord>
  /**
   * Resolves once a channel covers what its open jobs may still take, after a deposit if it takes one.
   * @throws HubError `hub/out-of-funds`
   * @throws ChainError when the chain does not take the deposit in time
   */
  secure(channelId: Hex): Promise<void>
  /** Deposits ahead of need, in the background, when little of a channel is free. */
  topUp(channelId: Hex): void
  /** Deposits that could not be made for want of money. */
  readonly outOfFunds: number
}

/** A channel's money. */
type Funds = {
  record: ChannelRecord
  /** Deposited, not promised, and not being taken back. */
  lockedMicroUsd: MicroUsd
  /** The same, less what open jobs may still take; below 0 when jobs wait for a deposit. */
  freeMicroUsd: MicroUsd
}

/** Opens the hub's channels to providers. */
export function createProviderChannels(deps: ProviderChannelsDeps): ProviderChannels {
  const { network, chain, signer, store, clock, watch, jobs, log, policy } = deps
  const depositing = new Map<Hex, Promise<void>>()
  let outOfFunds = 0

  const fundsOf = async (record: ChannelRecord): Promise<Funds> => {
    const state = await watch.state(record.channelId)
    const kept = state.balance - (state.withdrawal?.amount ?? 0n)
    const lockedMicroUsd = kept - usedOf(record.voucher, state)
    return { record, lockedMicroUsd, freeMicroUsd: lockedMicroUsd - jobs.reservedFor(record.channelId) }
  }

  const funds = async (channelId: Hex): Promise<Funds> => {
    const record = await store.channel(channelId, 'payer')
    if (!record) throw new HubError('hub/provider-away', 'This provider has no channel here.')
    return fundsOf(record)
  }

  const lockedForProvider = async ({ config }: ChannelRecord): Promise<MicroUsd> => {
    const records = (await store.channels('payer')).filter((record) =>
      sameAddress(record.config.receiverAuthorizer, config.receiverAuthorizer),
    )
    const all = await Promise.all(records.map(fundsOf))
    return all.reduce((sum, { lockedMicroUsd }) => sum + lockedMicroUsd, 0n)
  }

  /** Returns how much to deposit when at least `atLeast` is needed: the policy's amount where it may. */
  const amountFor = async ({ record }: Funds, atLeast: MicroUsd): Promise<MicroUsd> => {
    const [locked, balance] = await Promise.all([lockedForProvider(record), chain.balance(signer.address)])
    const wanted = max(policy.depositMicroUsd, atLeast)
    const amount = min(min(wanted, policy.maxOpenMicroUsd - locked), balance)
    if (amount >= atLeast && amount > 0n) return amount
    throw new HubError('hub/out-of-funds', 'The hub has too little money to pay this provider from.')
  }

  const deposit = async (channelId: Hex, atLeast: MicroUsd): Promise<void> => {
    const current = await funds(channelId)
    const amount = await amountFor(current, atLeast)
    const before = await watch.refresh(channelId)
    await chain.deposit(current.record.config, amount, signer)
    log('hub-deposit', { microUsd: Number(amount) })
    for (let look = 0; look < looksForDeposit; look++) {
      if ((await watch.refresh(channelId)).balance > before.balance) return
      await clock.sleep(lookIntervalMs)
    }
    throw new ChainError('chain/timeout', "The chain does not show the hub's deposit.")
  }

  /** One deposit into a channel at a time; who comes meanwhile waits for the same. */
  const depositOnce = (channelId: Hex, atLeast: MicroUsd): Promise<void> => {
    const current =
      depositing.get(channelId) ??
      deposit(channelId, atLeast)
        .catch((error: unknown) => {
          throw noteFailure(error)
        })
        .finally(() => depositing.delete(channelId))
    depositing.set(channelId, current)
    return current
  }

  const noteFailure = (error: unknown): unknown => {
    const isEmpty = error instanceof BaseError && emptyCodes.has(error.code)
    log('hub-deposit-failed', { code: error instanceof BaseError ? error.code : 'unknown' })
    if (!isEmpty) return error
    outOfFunds += 1
    return new HubError('hub/out-of-funds', 'The hub has too little money to pay this provider from.', {
      cause: error,
    })
  }

  const cover = async (channelId: Hex): Promise<void> => {
    for (;;) {
      const { freeMicroUsd } = await funds(channelId)
      if (freeMicroUsd >= 0n) return
      await depositOnce(channelId, -freeMicroUsd)
    }
  }

  const topUpNow = async (channelId: Hex): Promise<void> => {
    const { freeMicroUsd } = await funds(channelId)
    if (freeMicroUsd >= 0n && freeMicroUsd < policy.lowWaterMicroUsd) await depositOnce(channelId, 1n)
  }

  return {
    async channelFor(payee) {
      const config = configFor(payee, network, policy)
      const channelId = channelIdOf(config, network)
      const { chainId, settlement } = network
      const fresh = { channelId, config, chainId, settlement, side: 'payer', voucher: null } as const
      await store.addChannel({ ...fresh, claimedMicroUsd: 0n })
      return (await store.channel(channelId, 'payer')) ?? { ...fresh, claimedMicroUsd: 0n }
    },
    secure: (channelId) => within(fundingTimeoutMs, cover(channelId), clock),
    topUp(channelId) {
      // Nobody waits for it; a failure is in the log and in the figures.
      topUpNow(channelId).catch(() => {})
    },
    get outOfFunds() {
      return outOfFunds
    },
  }
}

/** Returns the terms of the hub's channel to a provider, the same for the same wish. */
function configFor(payee: Payee, { token }: Network, { withdrawDelaySeconds }: HubPolicy): ChannelConfig {
  return {
    payer: payee.hub,
    payerAuthorizer: payee.hub,
    receiver: payee.receiver,
    receiverAuthorizer: payee.provider,
    token,
    withdrawDelay: withdrawDelaySeconds,
    salt: payee.salt,
  }
}

const max = (a: bigint, b: bigint) => (a > b ? a : b)
const min = (a: bigint, b: bigint) => (a < b ? a : b)

async function within<result>(ms: number, work: Promise<result>, clock: Clock): Promise<result> {
  const done = new AbortController()
  const late = clock.sleep(ms, done.signal).then(
    () => Promise.reject(new ChainError('chain/timeout', "The hub's deposit for this provider takes long.")),
    () => new Promise<never>(() => {}),
  )
  try {
    return await Promise.race([work, late])
  } finally {
    done.abort()
  }
}
