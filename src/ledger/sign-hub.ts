import { recoverTypedDataAddress } from 'viem'
import { type Address, type Hex, type PeerId, sameAddress } from '../domain/bytes.ts'
import type { HubJob, HubTerms } from '../domain/hub.ts'
import type { Network } from '../domain/network.ts'
import type { MicroUsd } from '../domain/price.ts'
import { LedgerError } from '../errors/index.ts'
import type { Signer, TypedData } from '../ports/signer.ts'
import { hubJobTypes, hubTermsTypes, opentabDomain, payeeTypes, refundRequestTypes } from './typed-data.ts'

type Where = Pick<Network, 'chainId' | 'settlement'>

/** Who earns through a hub: its tab, and the receiver and salt that its channel shall have. */
export type Payee = {
  provider: Address
  peerId: PeerId
  hub: Address
  receiver: Address
  salt: Hex
  signedAtSeconds: number
}

/** A payer's wish to have back what its channel to a hub holds unspent, less the fee. */
export type RefundRequest = { channelId: Hex; feeMicroUsd: MicroUsd; signedAtSeconds: number }

const termsData = (terms: HubTerms) =>
  typedData(terms, hubTermsTypes, 'HubTerms', { ...terms, chainId: BigInt(terms.chainId) })
const jobData = (job: HubJob, where: Where) => typedData(where, hubJobTypes, 'HubJob', job)
const payeeData = (payee: Payee, where: Where) => typedData(where, payeeTypes, 'Payee', payee)
const refundData = (request: RefundRequest, where: Where) =>
  typedData(where, refundRequestTypes, 'RefundRequest', request)

function typedData(where: Where, types: TypedData['types'], primaryType: string, message: object): TypedData {
  return { domain: opentabDomain(where), types, primaryType, message: { ...message } }
}

/** Returns the hub account's signature of its terms. */
export const signHubTerms = (terms: HubTerms, hub: Signer) => hub.signTypedData(termsData(terms))
/** Returns the session key's signature of a job, so that nobody else can reserve its channel's money. */
export const signHubJob = (job: HubJob, where: Where, session: Signer) =>
  session.signTypedData(jobData(job, where))
/** Returns a provider's signature of where and how it is paid. */
export const signPayee = (payee: Payee, where: Where, provider: Signer) =>
  provider.signTypedData(payeeData(payee, where))
/** Returns a payer's signature of a wish for its money. */
export const signRefundRequest = (request: RefundRequest, where: Where, payer: Signer) =>
  payer.signTypedData(refundData(request, where))

/** @throws LedgerError `ledger/bad-signature` unless the account that the terms name signed them */
export const verifyHubTerms = (terms: HubTerms, signature: Hex) =>
  verify(termsData(terms), signature, [terms.account], "The hub's terms are not signed by its account.")

/** @throws LedgerError `ledger/bad-signature` unless the channel's session key signed the job */
export const verifyHubJob = (job: HubJob, signature: Hex, payerAuthorizer: Address, where: Where) =>
  verify(jobData(job, where), signature, [payerAuthorizer], "The job is not signed by the channel's payer.")

/** @throws LedgerError `ledger/bad-signature` unless the provider signed it */
export const verifyPayee = (payee: Payee, signature: Hex, where: Where) =>
  verify(payeeData(payee, where), signature, [payee.provider], 'The provider did not sign where it is paid.')

/** @throws LedgerError `ledger/bad-signature` unless the payer or its session key signed it */
export const verifyRefundRequest = (
  request: RefundRequest,
  signature: Hex,
  signers: readonly Address[],
  where: Where,
) =>
  verify(refundData(request, where), signature, signers, "The refund is not signed by the channel's payer.")

async function verify(
  data: TypedData,
  signature: Hex,
  signers: readonly Address[],
  otherwise: string,
): Promise<void> {
  const signer = await recoverTypedDataAddress({ ...data, signature }).catch(() => null)
  if (signer !== null && signers.some((one) => sameAddress(one, signer))) return
  throw new LedgerError('ledger/bad-signature', otherwise)
}
