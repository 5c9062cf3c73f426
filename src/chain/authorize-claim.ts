import type { ClaimAuthorization } from '../domain/authorization.ts'
import type { ChannelClaim } from '../domain/channel.ts'
import type { Network } from '../domain/network.ts'
import { claimBatchTypes, settlementDomain } from '../domain/settlement-types.ts'
import type { Signer } from '../ports/signer.ts'
import { hashChannel } from './hash-channel.ts'

/** Returns the typed data by which a receiver's authorizer lets anybody send a claim. */
export function claimBatch(claims: ChannelClaim[], network: Pick<Network, 'chainId' | 'settlement'>) {
  return {
    domain: settlementDomain(network),
    types: claimBatchTypes,
    primaryType: 'ClaimBatch',
    message: {
      claims: claims.map(({ config, voucher, totalClaimed }) => ({
        channelId: hashChannel(config, network),
        maxClaimableAmount: voucher.maxClaimableAmount,
        totalClaimed,
      })),
    },
  } as const
}

/** Signs claims as one batch; nothing is signed where there are none. */
export async function signClaims(
  claims: ChannelClaim[],
  network: Pick<Network, 'chainId' | 'settlement'>,
  receiverAuthorizer: Signer,
): Promise<ClaimAuthorization> {
  if (claims.length === 0) return { claims, signature: '0x' }
  return { claims, signature: await receiverAuthorizer.signTypedData(claimBatch(claims, network)) }
}
