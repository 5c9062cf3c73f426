import type { Hex } from '../domain/bytes.ts'
import type { Voucher } from '../domain/channel.ts'
import type { Network } from '../domain/network.ts'
import type { MicroUsd } from '../domain/price.ts'
import type { Signer } from '../ports/signer.ts'
import { settlementDomain, voucherTypes } from './typed-data.ts'

/** Returns a voucher for a cumulative amount, signed by the channel's payer authorizer. */
export async function signVoucher(
  channelId: Hex,
  maxClaimableAmount: MicroUsd,
  network: Pick<Network, 'chainId' | 'settlement'>,
  authorizer: Signer,
): Promise<Voucher> {
  const signature = await authorizer.signTypedData({
    domain: settlementDomain(network),
    types: voucherTypes,
    primaryType: 'Voucher',
    message: { channelId, maxClaimableAmount },
  })
  return { channelId, maxClaimableAmount, signature }
}
