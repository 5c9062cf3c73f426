import { recoverTypedDataAddress } from 'viem'
import { type Address, type Hex, sameAddress } from '../domain/bytes.ts'
import type { JobTerms } from '../domain/job.ts'
import type { Network } from '../domain/network.ts'
import { LedgerError } from '../errors/index.ts'
import type { Signer, TypedData } from '../ports/signer.ts'
import { jobStruct } from './job-hash.ts'
import { opentabDomain } from './typed-data.ts'

type Where = Pick<Network, 'chainId' | 'settlement'>

const jobTypedData = (terms: JobTerms, network: Where): TypedData => ({
  domain: opentabDomain(network),
  ...jobStruct(terms),
})

/** Returns the session key's signature of a job, so that nobody else can use up its channel's window. */
export function signJob(terms: JobTerms, network: Where, authorizer: Signer): Promise<Hex> {
  return authorizer.signTypedData(jobTypedData(terms, network))
}

/** @throws LedgerError `ledger/bad-signature` unless the authorizer signed these terms */
export async function verifyJob(
  terms: JobTerms,
  signature: Hex,
  payerAuthorizer: Address,
  network: Where,
): Promise<void> {
  const signer = await recoverTypedDataAddress({ ...jobTypedData(terms, network), signature }).catch(
    () => null,
  )
  if (signer === null || !sameAddress(signer, payerAuthorizer)) {
    throw new LedgerError('ledger/bad-signature', "The job is not signed by the channel's payer.")
  }
}
