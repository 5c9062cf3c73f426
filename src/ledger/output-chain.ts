import { concat, keccak256, numberToHex } from 'viem'
import type { Hex } from '../domain/bytes.ts'

const tokenBytes = (tokenIds: readonly number[]): Hex =>
  concat(['0x', ...tokenIds.map((id) => numberToHex(id, { size: 4 }))])

/** Returns the hash of a prompt's token ids, four bytes each, big-endian. */
export function promptHashOf(promptIds: readonly number[]): Hex {
  return keccak256(tokenBytes(promptIds))
}

/** Hash chain over an answer: `head' = keccak256(head ‖ tokens of the next chunk)`, from the job id on. */
export interface OutputChain {
  push(tokenIds: readonly number[]): void
  /** Head over all tokens so far; an unfinished chunk is hashed as it stands. */
  head(): Hex
}

/** Starts the hash chain of a job's answer. */
export function createOutputChain(jobId: Hex, chunkTokens: number): OutputChain {
  let head = keccak256(jobId)
  let open: number[] = []
  const link = (tokenIds: number[]) => keccak256(concat([head, tokenBytes(tokenIds)]))
  return {
    push(tokenIds) {
      for (const id of tokenIds) {
        open.push(id)
        if (open.length < chunkTokens) continue
        head = link(open)
        open = []
      }
    },
    head: () => (open.length === 0 ? head : link(open)),
  }
}
