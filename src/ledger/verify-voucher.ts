import { recoverTypedDataAddress } from 'viem'
import { type Address, type Hex, sameAddress } from '../domain/bytes.ts'
import { isCanonicalSignature } from '../domain/canonical-signature.ts'
import type { Voucher } from '../domain/channel.ts'
import type { Network } from '../domain/network.ts'
import { LedgerError } from '../errors/index.ts'
import { settlementDomain, voucherTypes } from './typed-data.ts'

/**
 * Checks that a voucher is for this channel and signed by its authorizer, in a form that the contract takes.
 * @throws LedgerError `ledger/voucher-foreign`, `ledger/bad-signature`
 */
export async function verifyVoucher(
  voucher: Voucher,
  expected: { channelId: Hex; payerAuthorizer: Address },
  network: Pick<Network, 'chainId' | 'settlement'>,
): Promise<void> {
  if (voucher.channelId !== expected.channelId) {
    throw new LedgerError('ledger/voucher-foreign', 'The voucher belongs to another channel.')
  }
  const { channelId, maxClaimableAmount, signature } = voucher
  const signer = await recoverTypedDataAddress({
    domain: settlementDomain(network),
    types: voucherTypes,
    primaryType: 'Voucher',
    message: { channelId, maxClaimableAmount },
    signature,
  }).catch(() => null)
  const isSigned = signer !== null && sameAddress(signer, expected.payerAuthorizer)
  if (!isSigned || !isCanonicalSignature(signature)) {
    throw new LedgerError('ledger/bad-signature', "The voucher is not signed by the channel's payer.")
  }
}
