import { sameAddress } from '../../domain/bytes.ts'
import type { Network } from '../../domain/network.ts'
import type { ChannelRecord, VoucherStore } from '../../ports/index.ts'

/** Returns the channels that live on this network; a browser may remember others. */
export async function channelsHere(
  vouchers: VoucherStore,
  side: ChannelRecord['side'],
  network: Network,
): Promise<ChannelRecord[]> {
  return (await vouchers.channels(side)).filter(
    ({ chainId, settlement }) => chainId === network.chainId && sameAddress(settlement, network.settlement),
  )
}
