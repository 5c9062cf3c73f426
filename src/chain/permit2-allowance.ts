import { encodeFunctionData, erc20Abi, maxUint256, parseAbi, zeroAddress, zeroHash } from 'viem'
import type { Address, Hex } from '../domain/bytes.ts'
import type { MicroUsd } from '../domain/price.ts'
import { ChainError } from '../errors/index.ts'
import type { Signer } from '../ports/signer.ts'
import { testDollarAbi } from './abi/test-dollar.ts'
import { type Allowance, permit2Address, signPermit2Allowance } from './authorize-permit2.ts'
import { readOptional } from './read-optional.ts'
import type { Rpc } from './rpc.ts'
import type { Call } from './send-transaction.ts'

const noncesAbi = parseAbi(['function nonces(address owner) view returns (uint256)'])

/** Whether the token has EIP-3009, asked of the token itself. */
export async function hasAuthorizations({ client, network }: Rpc): Promise<boolean> {
  const used = await readOptional(
    client.readContract({
      address: network.token,
      abi: testDollarAbi,
      functionName: 'authorizationState',
      args: [zeroAddress, zeroHash],
    }),
  )
  return used !== null
}

/** Whether Permit2 may take an amount of the token from its owner. */
export async function isAllowed(
  owner: Address,
  amount: MicroUsd,
  { client, network }: Rpc,
): Promise<boolean> {
  const allowance = await client.readContract({
    address: network.token,
    abi: erc20Abi,
    functionName: 'allowance',
    args: [owner, permit2Address],
  })
  return allowance >= amount
}

/**
 * Returns an allowance for Permit2 that goes with the deposit; empty where there is one.
 * @throws ChainError `chain/allowance-needed` where the token takes none by signature (EIP-2612)
 */
export async function signMissingAllowance(payer: Signer, allowance: Allowance, rpc: Rpc): Promise<Hex> {
  if (await isAllowed(payer.address, allowance.amount, rpc)) return '0x'
  const nonce = await readPermitNonce(payer.address, rpc)
  if (nonce !== null) return signPermit2Allowance(payer, allowance, nonce)
  const message = 'The wallet must first let Permit2 take this token, in a transaction of its own.'
  throw new ChainError('chain/allowance-needed', message)
}

/** Returns the call by which a payer allows Permit2 once and for all; null where a signature does or nothing is due. */
export async function allowanceCall(payer: Address, amount: MicroUsd, rpc: Rpc): Promise<Call | null> {
  if ((await hasAuthorizations(rpc)) || (await isAllowed(payer, amount, rpc))) return null
  if ((await readPermitNonce(payer, rpc)) !== null) return null
  const args = [permit2Address, maxUint256] as const
  return {
    to: rpc.network.token,
    data: encodeFunctionData({ abi: erc20Abi, functionName: 'approve', args }),
  }
}

/** Returns an owner's EIP-2612 nonce, or null where the token has none. */
function readPermitNonce(owner: Address, { client, network }: Rpc): Promise<bigint | null> {
  return readOptional(
    client.readContract({
      address: network.token,
      abi: noncesAbi,
      functionName: 'nonces',
      args: [owner],
    }),
  )
}
