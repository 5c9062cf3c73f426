import { type ChannelConfig, type Voucher, promisedBy } from '../domain/channel.ts'
import type { Hex } from '../domain/bytes.ts'
import type { Network } from '../domain/network.ts'
import type { MicroUsd } from '../domain/price.ts'
import { LedgerError } from '../errors/index.ts'
import type { Signer } from '../ports/signer.ts'
import type { VoucherStore } from '../ports/voucher-store.ts'
import { signVoucher } from './sign-voucher.ts'
import { verifyVoucher } from './verify-voucher.ts'

/** A channel and what signs and keeps its vouchers. */
export type PayerChannelDeps = {
  channelId: Hex
  config: ChannelConfig
  network: Network
  vouchers: VoucherStore
  session: Signer
  /** Money that vouchers may promise: what is deposited and not announced as withdrawn. */
  limitMicroUsd: MicroUsd
}

/** The requester's end of a channel: signs ever higher vouchers, each on disk before it is sent. */
export interface PayerChannel {
  /** Sum of all promises so far. */
  promised(): Promise<MicroUsd>
  /**
   * Takes over a voucher that the receiver holds and this tab forgot, if its own session key signed it.
   * @throws LedgerError when somebody else did
   */
  adopt(held: Voucher): Promise<void>
  /**
   * Promises `amount` in total and returns the voucher.
   * @throws LedgerError `ledger/over-balance` when the deposit does not cover it
   */
  promise(amount: MicroUsd): Promise<Voucher>
}

/** Opens the requester's end of a channel. */
export function createPayerChannel(deps: PayerChannelDeps): PayerChannel {
  const { channelId, config, network, vouchers, session, limitMicroUsd } = deps
  return {
    async promised() {
      const record = await vouchers.channel(channelId, 'payer')
      return promisedBy(record?.voucher)
    },
    async adopt(held) {
      await verifyVoucher(held, { channelId, payerAuthorizer: config.payerAuthorizer }, network)
      await vouchers.raiseVoucher('payer', held)
    },
    async promise(amount) {
      if (amount > limitMicroUsd) {
        throw new LedgerError('ledger/over-balance', 'The deposit does not cover this answer any further.')
      }
      const { kept } = await vouchers.raiseVoucher(
        'payer',
        await signVoucher(channelId, amount, network, session),
      )
      return kept
    },
  }
}
