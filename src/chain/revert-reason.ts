import { type Abi, type Hex, decodeErrorResult, isHex } from 'viem'
import { batchSettlementAbi } from './abi/batch-settlement.ts'
import { depositCollectorAbi } from './abi/deposit-collector.ts'
import { earningsBondAbi } from './abi/earnings-bond.ts'
import { modelRegistryAbi } from './abi/model-registry.ts'
import { permit2Abi } from './abi/permit2.ts'
import { permit2DepositCollectorAbi } from './abi/permit2-deposit-collector.ts'
import { testDollarAbi } from './abi/test-dollar.ts'
import { findCause, hasCode } from './find-cause.ts'

/** JSON-RPC: execution reverted. */
const revertedCode = 3
const selectorBytes = 4

const errorAbi: Abi = [
  ...batchSettlementAbi,
  ...depositCollectorAbi,
  ...permit2DepositCollectorAbi,
  ...permit2Abi,
  ...earningsBondAbi,
  ...modelRegistryAbi,
  ...testDollarAbi,
].filter(({ type }) => type === 'error')

/** Returns the contract's reason, such as `ClaimExceedsBalance`; null when the error is not a revert. */
export function revertReason(error: unknown): string | null {
  const data = revertData(findCause(error, (link) => revertData(link) !== null))
  if (data !== null) return errorName(data)
  return findCause(error, hasCode(revertedCode)) === null ? null : 'no reason given'
}

/** Endpoints put a revert's data into the JSON-RPC error. */
function revertData(link: object | null): Hex | null {
  if (link === null || !('data' in link) || !isHex(link.data)) return null
  return link.data.length >= 2 + 2 * selectorBytes ? link.data : null
}

function errorName(data: Hex): string {
  try {
    const { errorName, args } = decodeErrorResult({ abi: errorAbi, data })
    return errorName === 'Error' ? String(args?.[0]) : errorName
  } catch {
    return data.slice(0, 2 + 2 * selectorBytes)
  }
}
