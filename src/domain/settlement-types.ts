import type { Network } from './network.ts'

/** Returns the EIP-712 domain of the x402 batch-settlement contract: channel ids and vouchers. */
export function settlementDomain({ chainId, settlement }: Pick<Network, 'chainId' | 'settlement'>) {
  return { name: 'x402 Batch Settlement', version: '1', chainId, verifyingContract: settlement }
}

/** EIP-712 type of a channel's terms; their hash is the channel id. */
export const channelConfigTypes = {
  ChannelConfig: [
    { name: 'payer', type: 'address' },
    { name: 'payerAuthorizer', type: 'address' },
    { name: 'receiver', type: 'address' },
    { name: 'receiverAuthorizer', type: 'address' },
    { name: 'token', type: 'address' },
    { name: 'withdrawDelay', type: 'uint40' },
    { name: 'salt', type: 'bytes32' },
  ],
} as const

/** EIP-712 type of a voucher. */
export const voucherTypes = {
  Voucher: [
    { name: 'channelId', type: 'bytes32' },
    { name: 'maxClaimableAmount', type: 'uint128' },
  ],
} as const

/** EIP-712 type of a claim that its receiver's authorizer signs for others to send. */
export const claimBatchTypes = {
  ClaimBatch: [{ name: 'claims', type: 'ClaimEntry[]' }],
  ClaimEntry: [
    { name: 'channelId', type: 'bytes32' },
    { name: 'maxClaimableAmount', type: 'uint128' },
    { name: 'totalClaimed', type: 'uint128' },
  ],
} as const

/** EIP-712 type of a refund that its receiver's authorizer signs for others to send. */
export const refundTypes = {
  Refund: [
    { name: 'channelId', type: 'bytes32' },
    { name: 'nonce', type: 'uint256' },
    { name: 'amount', type: 'uint128' },
  ],
} as const
