import { type ChannelConfig, type Voucher, promisedBy } from '../domain/channel.ts'
import type { Hex } from '../domain/bytes.ts'
import { isSessionOver } from '../domain/session.ts'
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
  /** Unix time in seconds, for the session key's end. */
  nowSeconds: () => number
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
   * @throws LedgerError `ledger/over-balance` when the deposit does not cover it, `ledger/session-over`
   */
  promise(amount: MicroUsd): Promise<Voucher>
  /**
   * Promises `rise` on top of whatever is promised at that moment, also by other tabs, and returns the voucher; the
   * highest one where nothing is to rise.
   * @throws LedgerError `ledger/over-balance`, `ledger/session-over`
   */
  promiseMore(rise: MicroUsd): Promise<Voucher>
}

/** Opens the requester's end of a channel. */
export function createPayerChannel(deps: PayerChannelDeps): PayerChannel {
  const { channelId, config, network, vouchers, session, limitMicroUsd, nowSeconds } = deps
  const promised = async () => promisedBy((await vouchers.channel(channelId, 'payer'))?.voucher)
  const sign = (amount: MicroUsd) => {
    if (amount > limitMicroUsd) {
      throw new LedgerError('ledger/over-balance', 'The deposit does not cover this answer any further.')
    }
    if (isSessionOver(config, nowSeconds())) {
      throw new LedgerError('ledger/session-over', "This channel's session key has ended.")
    }
    return signVoucher(channelId, amount, network, session)
  }
  const promise = async (amount: MicroUsd) => {
    const { kept } = await vouchers.raiseVoucher('payer', await sign(amount))
    return kept
  }
  return {
    promised,
    async adopt(held) {
      await verifyVoucher(held, { channelId, payerAuthorizer: config.payerAuthorizer }, network)
      await vouchers.raiseVoucher('payer', held)
    },
    promise,
    async promiseMore(rise) {
      if (rise <= 0n) return promise(await promised())
      for (;;) {
        const before = await promised()
        const voucher = await sign(before + rise)
        if (await vouchers.raiseVoucherFrom('payer', voucher, before)) return voucher
      }
    },
  }
}
