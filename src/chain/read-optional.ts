import { ContractFunctionRevertedError, ContractFunctionZeroDataError } from 'viem'
import { findCause } from './find-cause.ts'

/** Returns what a contract's function returns, or null where the contract has no such function. */
export function readOptional<value>(read: Promise<value>): Promise<value | null> {
  return read.catch((error: unknown) => {
    if (findCause(error, isMissingFunction) !== null) return null
    throw error
  })
}

function isMissingFunction(link: object): boolean {
  return link instanceof ContractFunctionZeroDataError || link instanceof ContractFunctionRevertedError
}
