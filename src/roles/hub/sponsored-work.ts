import type { TransferAuthorization } from '../../domain/authorization.ts'
import type { Hex } from '../../domain/bytes.ts'
import type { ChannelClaim } from '../../domain/channel.ts'
import type { MicroUsd } from '../../domain/price.ts'
import type { Chain } from '../../ports/index.ts'

/** What a hub sends for a fee that moves by a signature of its own: a batch of claims, or a move of money. */
export type SponsoredWork = { claims: readonly ChannelClaim[] } | { transfer: TransferAuthorization }

/** What the chain shows once a part of some work is done. Structured-clone values only. */
export type WorkMark = { channelId: Hex; totalClaimedMicroUsd: MicroUsd } | TransferAuthorization

/** Returns what shows that work is done. */
export function marksOf(work: SponsoredWork): WorkMark[] {
  if ('transfer' in work) return [work.transfer]
  return work.claims.map(({ voucher: { channelId }, totalClaimed: totalClaimedMicroUsd }) => ({
    channelId,
    totalClaimedMicroUsd,
  }))
}

/** Whether the chain shows a mark. */
export async function isShown(
  mark: WorkMark,
  chain: Pick<Chain, 'channel' | 'authorizationState'>,
): Promise<boolean> {
  if ('nonce' in mark) return (await chain.authorizationState(mark)) === 'used'
  return (await chain.channel(mark.channelId)).totalClaimed >= mark.totalClaimedMicroUsd
}

/** Whether a mark says nothing any more, once another is shown: it would be shown with it. */
export function isShownBy(mark: WorkMark, other: WorkMark): boolean {
  if ('nonce' in mark) return 'nonce' in other && mark.nonce === other.nonce
  return (
    !('nonce' in other) &&
    mark.channelId === other.channelId &&
    mark.totalClaimedMicroUsd <= other.totalClaimedMicroUsd
  )
}
