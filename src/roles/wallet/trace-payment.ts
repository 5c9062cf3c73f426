import type { Hex } from '../../domain/bytes.ts'
import type { ChannelConfig, Voucher } from '../../domain/channel.ts'
import type { MicroUsd } from '../../domain/price.ts'
import type { SignedReceipt } from '../../domain/receipt.ts'
import { verifyReceiptSignature } from '../../ledger/sign-receipt.ts'
import type { Chain, ChannelRecord, VoucherStore } from '../../ports/index.ts'

/** Which payment is looked for. */
export type TracedPayment = {
  side: ChannelRecord['side']
  channelId: Hex
  receipt: SignedReceipt | null
}

/** What stands behind a receipt, as far as this tab and the chain know. */
export type PaymentTrail = {
  /** Whether the provider that the receipt names signed it; null without one. */
  isSigned: boolean | null
  /** Null for a channel that this tab never knew. */
  config: ChannelConfig | null
  /** The channel's highest voucher: it pays this answer and all before it. */
  voucher: Voucher | null
  /** How far the receiver has claimed the channel; null while the chain does not answer. */
  claimedMicroUsd: MicroUsd | null
}

/** Checks a receipt's signature and finds the channel and voucher that pay it. Never throws for the chain. */
export async function tracePayment(
  { side, channelId, receipt }: TracedPayment,
  { chain, vouchers }: { chain: Chain; vouchers: VoucherStore },
): Promise<PaymentTrail> {
  const [record, claimedMicroUsd, isSigned] = await Promise.all([
    vouchers.channel(channelId, side),
    chain.channel(channelId).then(
      ({ totalClaimed }) => totalClaimed,
      () => null,
    ),
    receipt &&
      verifyReceiptSignature(receipt, chain.network).then(
        () => true,
        () => false,
      ),
  ])
  return { isSigned, config: record?.config ?? null, voucher: record?.voucher ?? null, claimedMicroUsd }
}
