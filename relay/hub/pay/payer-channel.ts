import type { Hex } from '../../../src/domain/bytes.ts'
import {
  type ChannelConfig,
  type ChannelState,
  type Voucher,
  promisedBy,
} from '../../../src/domain/channel.ts'
import type { HubTerms } from '../../../src/domain/hub.ts'
import type { MicroUsd } from '../../../src/domain/price.ts'
import { isSessionOver } from '../../../src/domain/session.ts'
import { HubError, LedgerError } from '../../../src/errors/index.ts'
import { channelIdOf } from '../../../src/ledger/channel-id.ts'
import { verifyVoucher } from '../../../src/ledger/verify-voucher.ts'
import type { Chain, Clock } from '../../../src/ports/index.ts'
import type { HubStore } from '../books/hub-store.ts'
import { refuseForeignChannel } from './refuse-foreign-channel.ts'

/** A payer's channel to the hub, as a request finds it. */
export type PayerChannel = {
  channelId: Hex
  config: ChannelConfig
  state: ChannelState
  /** Highest voucher that the hub holds. */
  held: Voucher | null
  /** What jobs, fees and claims have used up of it. */
  usedMicroUsd: MicroUsd
}

/** What payers' channels are read and checked with. */
export type PayerChannelDeps = { chain: Chain; store: HubStore; terms: HubTerms; clock: Clock }

/**
 * Reads a channel and checks that it is one to this hub.
 * @throws LedgerError `ledger/bad-channel`
 */
export async function readPayerChannel(
  config: ChannelConfig,
  { chain, store, terms }: PayerChannelDeps,
): Promise<PayerChannel> {
  refuseForeignChannel(config, terms)
  const channelId = channelIdOf(config, terms)
  const [state, record] = await Promise.all([chain.channel(channelId), store.channel(channelId, 'receiver')])
  const attributed = record ? await store.attributed(channelId) : 0n
  // What was claimed counts even where its record was lost.
  const usedMicroUsd = attributed > state.totalClaimed ? attributed : state.totalClaimed
  return { channelId, config, state, held: record?.voucher ?? null, usedMicroUsd }
}

/**
 * Checks that a voucher pays a fee on top of all that is used of its channel, and that `balanceMicroUsd` covers it.
 * @throws LedgerError, HubError `hub/fee-too-low`
 */
export async function checkFeeVoucher(
  voucher: Voucher,
  feeMicroUsd: MicroUsd,
  channel: PayerChannel,
  balanceMicroUsd: MicroUsd,
  { terms }: Pick<PayerChannelDeps, 'terms'>,
): Promise<void> {
  const { channelId, config, held, usedMicroUsd } = channel
  await verifyVoucher(voucher, { channelId, payerAuthorizer: config.payerAuthorizer }, terms)
  if (voucher.maxClaimableAmount > balanceMicroUsd) {
    throw new LedgerError('ledger/over-balance', 'The voucher promises more than the channel holds.')
  }
  if (higher(voucher, held).maxClaimableAmount < usedMicroUsd + feeMicroUsd) {
    throw new HubError(
      'hub/fee-too-low',
      `The voucher does not cover the fee of ${feeMicroUsd} micro-dollars.`,
    )
  }
}

/** @throws HubError `hub/session-over` once a channel's session key has ended */
export function refuseEnded(config: ChannelConfig, { clock }: Pick<PayerChannelDeps, 'clock'>): void {
  if (!isSessionOver(config, clock.nowMs() / 1000)) return
  throw new HubError('hub/session-over', "This channel's session key has ended.")
}

/** Returns the voucher that promises more. */
export function higher(voucher: Voucher, held: Voucher | null): Voucher {
  return held && promisedBy(held) > voucher.maxClaimableAmount ? held : voucher
}

/** Remembers a channel that the hub is paid through; one that is known stays as it is. */
export function keepPayerChannel(
  { channelId, config, state }: PayerChannel,
  { store, terms }: Pick<PayerChannelDeps, 'store' | 'terms'>,
): Promise<void> {
  return store.addChannel({
    channelId,
    config,
    chainId: terms.chainId,
    settlement: terms.settlement,
    side: 'receiver',
    voucher: null,
    claimedMicroUsd: state.totalClaimed,
  })
}
