import type { Hex } from '../../domain/bytes.ts'
import type { MicroUsd } from '../../domain/price.ts'
import type { DocumentStore } from '../../ports/index.ts'

/** Where it is kept what channels have promised for refunds. */
export type RefundFeesDeps = { documents: DocumentStore }

const collection = 'refund-fees'

/**
 * Returns what a channel's vouchers promise for a refund that its hub has not made yet: the next attempt is paid by the
 * same promise, so that a hub which takes it and pays nothing back is promised no more.
 */
export async function refundFee(channelId: Hex, { documents }: RefundFeesDeps): Promise<MicroUsd> {
  return asFee(await documents.get(collection, channelId))
}

/** Writes down that more is promised for a refund, or that answers have used up so much of it where it is negative. */
export function addRefundFee(
  channelId: Hex,
  moreMicroUsd: MicroUsd,
  { documents }: RefundFeesDeps,
): Promise<void> {
  return documents.change(collection, channelId, (now) => {
    const feeMicroUsd = asFee(now) + moreMicroUsd
    return feeMicroUsd > 0n ? feeMicroUsd : undefined
  })
}

/** The refund was made. */
export function forgetRefundFee(channelId: Hex, { documents }: RefundFeesDeps): Promise<void> {
  return documents.delete(collection, channelId)
}

const asFee = (kept: unknown) => (kept as MicroUsd | undefined) ?? 0n
