import type { Hex } from '../domain/bytes.ts'
import type { ChannelConfig, Voucher } from '../domain/channel.ts'
import type { Network } from '../domain/network.ts'
import type { MicroUsd } from '../domain/price.ts'
import { isSessionOver } from '../domain/session.ts'
import { LedgerError } from '../errors/index.ts'
import type { VoucherStore } from '../ports/voucher-store.ts'
import { verifyVoucher } from './verify-voucher.ts'

/** A channel, as one job finds it, and what keeps its vouchers. */
export type ReceiverChannelDeps = {
  channelId: Hex
  config: ChannelConfig
  network: Network
  vouchers: VoucherStore
  /** Money that the chain guarantees to this channel's vouchers. */
  limitMicroUsd: MicroUsd
  /** Promised or claimed before this job; only what comes on top pays for it. */
  baselineMicroUsd: MicroUsd
  /** Unix time in seconds, for the session key's end. */
  nowSeconds: () => number
}

/** The provider's end of a channel during one job: only checked vouchers count, and they count once on disk. */
export interface ReceiverChannel {
  /** What this job has been paid so far. */
  paidMicroUsd(): MicroUsd
  /**
   * Checks and keeps a voucher.
   * @throws LedgerError for a replayed, foreign, forged or uncovered one
   */
  accept(voucher: Voucher): Promise<void>
}

/** Opens the provider's end of a channel for one job. */
export function createReceiverChannel(deps: ReceiverChannelDeps): ReceiverChannel {
  const { channelId, config, network, vouchers, limitMicroUsd, baselineMicroUsd, nowSeconds } = deps
  let highest = baselineMicroUsd
  let paid = 0n
  return {
    paidMicroUsd: () => paid,
    async accept(voucher) {
      if (isSessionOver(config, nowSeconds())) {
        throw new LedgerError('ledger/session-over', "A voucher came after its session key's end.", {
          fault: 'peer',
        })
      }
      if (voucher.maxClaimableAmount < highest) {
        throw new LedgerError('ledger/voucher-replayed', 'A voucher came that is lower than an earlier one.')
      }
      if (voucher.maxClaimableAmount > limitMicroUsd) {
        throw new LedgerError('ledger/over-balance', 'The voucher promises more than the channel holds.', {
          fault: 'peer',
        })
      }
      await verifyVoucher(voucher, { channelId, payerAuthorizer: config.payerAuthorizer }, network)
      const { kept, beforeMicroUsd } = await vouchers.raiseVoucher('receiver', voucher)
      // What another tab of this account took in already pays for that tab's answer.
      const rise = voucher.maxClaimableAmount - (beforeMicroUsd > highest ? beforeMicroUsd : highest)
      if (rise > 0n) paid += rise
      highest = kept.maxClaimableAmount
    },
  }
}
