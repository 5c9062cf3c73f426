import { encodeFunctionData, hexToNumber, size, slice } from 'viem'
import type { TransferAuthorization } from '../domain/authorization.ts'
import type { Address, Hex } from '../domain/bytes.ts'
import type { Network } from '../domain/network.ts'
import { ChainError } from '../errors/index.ts'
import type { Signer } from '../ports/signer.ts'
import { testDollarAbi } from './abi/test-dollar.ts'
import { callTogether } from './call-together.ts'
import { bondCall, readFree } from './earnings-bond.ts'
import { maxGasOf } from './gas-table.ts'
import { revertReason } from './revert-reason.ts'
import type { Rpc } from './rpc.ts'
import type { Call, SendTransaction } from './send-transaction.ts'

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

/** Sends signed moves of money together. Owners with something free in the bond are paid that first. */
export async function submitTransfers(
  transfers: TransferAuthorization[],
  sender: Signer,
  rpc: Rpc,
  send: SendTransaction,
): Promise<Hex> {
  const { client, network } = rpc
  const [first, ...others] = transfers.map((transfer) => transferCall(transfer, network))
  if (!first) throw new ChainError('chain/reverted', 'There is nothing to transfer.')
  const payouts = await payoutCalls(transfers, rpc)
  const call = callTogether([...payouts, first, ...others] as [Call, ...Call[]])
  try {
    await client.call({ account: sender.address, ...call })
  } catch (cause) {
    if (revertReason(cause) !== null && payouts.length === 0)
      await findReason([first, ...others], sender, rpc)
    throw cause
  }
  const { transactionHash } = await send(sender, { ...call, maxGas: maxGasOf('transfer', network) })
  return transactionHash
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
async function findReason(calls: Call[], sender: Signer, { client }: Rpc): Promise<void> {
  for (const call of calls) await client.call({ account: sender.address, ...call })
}
