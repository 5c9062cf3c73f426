import { encodeFunctionData, hexToNumber, size, slice } from 'viem'
import type { TransferAuthorization } from '../domain/authorization.ts'
import type { Address } from '../domain/bytes.ts'
import type { Network } from '../domain/network.ts'
import { ChainError } from '../errors/index.ts'
import type { Signer } from '../ports/signer.ts'
import { testDollarAbi } from './abi/test-dollar.ts'
import { callTogether } from './call-together.ts'
import { bondCall, readFree } from './earnings-bond.ts'
import { maxGasOf } from './gas-table.ts'
import { revertReason } from './revert-reason.ts'
import type { Rpc } from './rpc.ts'
import type { Call, SponsoredCall } from './send-transaction.ts'
import { tryCall } from './try-call.ts'

const signatureBytes = 65

/**
 * Returns the call that moves money as its owner has signed, in the form that EIP-3009 itself names.
 * @throws ChainError `chain/reverted` for anything but a plain key's signature
 */
export function transferCall(transfer: TransferAuthorization, { token }: Network): Call {
  const { from, to, amount, validBeforeSeconds, nonce, signature } = transfer
  if (size(signature) !== signatureBytes) {
    throw new ChainError('chain/reverted', 'The contract refused the transfer: ERC3009InvalidSignature.')
  }
  const [r, s] = [slice(signature, 0, 32), slice(signature, 32, 64)]
  const v = hexToNumber(slice(signature, 64))
  return {
    to: token,
    data: encodeFunctionData({
      abi: testDollarAbi,
      functionName: 'transferWithAuthorization',
      args: [from, to, amount, 0n, BigInt(validBeforeSeconds), nonce, v, r, s],
    }),
  }
}

/**
 * Returns the call that moves money as several have signed, all of it or none; it is tried first. Owners with something
 * free in the bond are paid that before.
 */
export async function transfersCall(
  transfers: TransferAuthorization[],
  sender: Signer,
  rpc: Rpc,
): Promise<SponsoredCall> {
  const { network } = rpc
  const [first, ...others] = transfers.map((transfer) => transferCall(transfer, network))
  if (!first) throw new ChainError('chain/reverted', 'There is nothing to transfer.')
  const payouts = await payoutCalls(transfers, rpc)
  const together = callTogether([...payouts, first, ...others] as [Call, ...Call[]])
  const call = { ...together, maxGas: maxGasOf('transfer', network) }
  try {
    await tryCall(call, sender, rpc)
  } catch (cause) {
    if (revertReason(cause) !== null && payouts.length === 0)
      await findReason([first, ...others], sender, rpc)
    throw cause
  }
  return call
}

async function payoutCalls(transfers: TransferAuthorization[], rpc: Rpc): Promise<Call[]> {
  const { bond } = rpc.network
  if (!bond) return []
  const owners = [...new Set(transfers.map(({ from }) => from.toLowerCase() as Address))]
  const free = await Promise.all(owners.map((owner) => readFree(owner, rpc)))
  const paid = owners.filter((_, index) => (free[index] ?? 0n) > 0n)
  return paid.length > 0 ? [bondCall(bond, [], paid)] : []
}

/** Multicall3 does not say which call failed, so each is tried alone. */
async function findReason(calls: Call[], sender: Signer, rpc: Rpc): Promise<void> {
  for (const call of calls) await tryCall(call, sender, rpc)
}
