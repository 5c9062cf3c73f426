import { encodeFunctionData } from 'viem'
import type { Address } from '../domain/bytes.ts'
import { multicall3Abi } from './abi/multicall3.ts'
import type { Call } from './send-transaction.ts'

/** Multicall3, at the same address on every public chain; the local chain has one with the same function there. */
export const multicallAddress: Address = '0xcA11bde05977b3631167028862bE2a173976CA11'

/**
 * Returns one call that makes several, all or none. The contracts called see Multicall3 as their caller, so each call
 * must be one that anybody may make.
 */
export function callTogether(calls: [Call, ...Call[]]): Call {
  if (calls.length === 1) return calls[0]
  return {
    to: multicallAddress,
    data: encodeFunctionData({
      abi: multicall3Abi,
      functionName: 'aggregate3',
      args: [calls.map(({ to, data }) => ({ target: to, allowFailure: false, callData: data }))],
    }),
  }
}
