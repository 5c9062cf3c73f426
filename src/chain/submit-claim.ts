import type { ClaimAuthorization, TransferAuthorization } from '../domain/authorization.ts'
import { ChainError } from '../errors/index.ts'
import type { ClaimResult } from '../ports/chain.ts'
import type { Signer } from '../ports/signer.ts'
import { callTogether } from './call-together.ts'
import { signedClaimCalls } from './claim-calls.ts'
import { settledIn } from './claim-vouchers.ts'
import { maxGasOf } from './gas-table.ts'
import { revertReason } from './revert-reason.ts'
import type { Rpc } from './rpc.ts'
import type { SendTransaction } from './send-transaction.ts'
import { isUnsettled, keepRising } from './sift-claims.ts'
import { transferCall } from './submit-transfers.ts'

/**
 * Sends a signed batch and collects its fee. A signed batch cannot be thinned, so it is refused whole where it would
 * revert: what it says is tried first, alone and then together with the fee.
 */
export async function submitClaim(
  { claims, signature }: ClaimAuthorization,
  fee: TransferAuthorization | null,
  sender: Signer,
  rpc: Rpc,
  send: SendTransaction,
): Promise<ClaimResult> {
  const { client, network } = rpc
  const calls = signedClaimCalls(claims, signature, network)
  await client.call({ account: sender.address, ...calls[0] })
  if (!(await bringsMoney(claims, rpc))) return { transaction: null, settledMicroUsd: 0n, skipped: [] }
  const call = callTogether(fee ? [...calls, transferCall(fee, network)] : calls)
  if (fee) await checkFee(() => client.call({ account: sender.address, ...call }))
  const { transactionHash, logs } = await send(sender, {
    ...call,
    maxGas: maxGasOf('claim', network, claims.length),
  })
  return { transaction: transactionHash, settledMicroUsd: settledIn(logs), skipped: [] }
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
