import type { ClaimAuthorization, TransferAuthorization } from '../domain/authorization.ts'
import { ChainError } from '../errors/index.ts'
import type { Signer } from '../ports/signer.ts'
import { callTogether } from './call-together.ts'
import { signedClaimCalls } from './claim-calls.ts'
import { maxGasOf } from './gas-table.ts'
import { revertReason } from './revert-reason.ts'
import type { Rpc } from './rpc.ts'
import type { SponsoredCall } from './send-transaction.ts'
import { isUnsettled, keepRising } from './sift-claims.ts'
import { transferCall } from './submit-transfers.ts'
import { tryCall } from './try-call.ts'

/**
 * Returns the call that brings a signed batch and collects its fee; null where it brings nothing. A signed batch cannot
 * be thinned, so it is refused whole where it would revert: what it says is tried first, alone and then with the fee.
 */
export async function signedClaimCall(
  { claims, signature }: ClaimAuthorization,
  fee: TransferAuthorization | null,
  sender: Signer,
  rpc: Rpc,
): Promise<SponsoredCall | null> {
  const { network } = rpc
  const calls = signedClaimCalls(claims, signature, network)
  const maxGas = maxGasOf('claim', network, claims.length)
  await tryCall({ ...calls[0], maxGas }, sender, rpc)
  if (!(await bringsMoney(claims, rpc))) return null
  const call = { ...callTogether(fee ? [...calls, transferCall(fee, network)] : calls), maxGas }
  if (fee) await checkFee(() => tryCall(call, sender, rpc))
  return call
}

async function bringsMoney(claims: ClaimAuthorization['claims'], rpc: Rpc): Promise<boolean> {
  if ((await keepRising(claims, rpc)).length > 0) return true
  const unsettled = await Promise.all(claims.map(({ config }) => isUnsettled(config.receiver, rpc)))
  return unsettled.includes(true)
}

/** Multicall3 does not say which call failed; the claims passed alone. */
async function checkFee(tryAll: () => Promise<unknown>): Promise<void> {
  try {
    await tryAll()
  } catch (cause) {
    if (revertReason(cause) === null) throw cause
    const message = 'The contract refused the claim: it would pass, but its fee cannot be collected.'
    throw new ChainError('chain/reverted', message, { cause })
  }
}
