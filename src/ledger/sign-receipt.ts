import { recoverTypedDataAddress } from 'viem'
import { sameAddress } from '../domain/bytes.ts'
import type { Network } from '../domain/network.ts'
import type { Receipt, SignedReceipt } from '../domain/receipt.ts'
import { LedgerError } from '../errors/index.ts'
import type { Signer, TypedData } from '../ports/signer.ts'
import { opentabDomain, receiptTypes } from './typed-data.ts'

type Where = Pick<Network, 'chainId' | 'settlement'>

function receiptTypedData({ tokens, ...receipt }: Receipt, network: Where) {
  return {
    domain: opentabDomain(network),
    types: receiptTypes,
    primaryType: 'Receipt',
    message: { ...receipt, ...tokens },
  } as const
}

/** Returns a receipt signed by the provider. */
export async function signReceipt(
  receipt: Receipt,
  network: Where,
  provider: Signer,
): Promise<SignedReceipt> {
  return { receipt, signature: await provider.signTypedData(receiptTypedData(receipt, network) as TypedData) }
}

/** @throws LedgerError `ledger/bad-signature` unless the provider named in the receipt signed it */
export async function verifyReceiptSignature(
  { receipt, signature }: SignedReceipt,
  network: Where,
): Promise<void> {
  const typedData = receiptTypedData(receipt, network)
  const signer = await recoverTypedDataAddress({ ...typedData, signature }).catch(() => null)
  if (signer === null || !sameAddress(signer, receipt.provider)) {
    throw new LedgerError('ledger/bad-signature', 'The receipt is not signed by the provider it names.')
  }
}
