import { type Abi, BaseError, ExecutionRevertedError, type Hex, decodeErrorResult, isHex } from 'viem'
import { batchSettlementAbi } from './abi/batch-settlement.ts'
import { depositCollectorAbi } from './abi/deposit-collector.ts'
import { testDollarAbi } from './abi/test-dollar.ts'

const errorAbi: Abi = [...batchSettlementAbi, ...depositCollectorAbi, ...testDollarAbi].filter(
  ({ type }) => type === 'error',
)

/** Returns the contract's reason, such as `ClaimExceedsBalance`; null when the error is not a revert. */
export function revertReason(error: unknown): string | null {
  if (!(error instanceof BaseError)) return null
  const carrier = error.walk((cause) => revertData(cause) !== null)
  const data = revertData(carrier)
  if (data !== null) return errorName(data)
  const reverted = error.walk((cause) => cause instanceof ExecutionRevertedError)
  return reverted ? 'no reason given' : null
}

/** Endpoints put a revert's data into the JSON-RPC error. */
function revertData(error: unknown): Hex | null {
  if (typeof error !== 'object' || error === null || !('data' in error)) return null
  const { data } = error
  return isHex(data) && data.length >= '0x12345678'.length ? data : null
}

function errorName(data: Hex): string {
  try {
    const { errorName, args } = decodeErrorResult({ abi: errorAbi, data })
    return errorName === 'Error' ? String(args?.[0]) : errorName
  } catch {
    return data.slice(0, 10)
  }
}
