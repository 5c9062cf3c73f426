import { concat, keccak256, numberToHex } from 'viem'
import { type Hex, toHex } from '../domain/bytes.ts'

const tokenBytes = (tokenIds: readonly number[]): Hex =>
  concat(['0x', ...tokenIds.map((id) => numberToHex(id, { size: 4 }))])

/** The numbers of an embedding, four bytes each, big-endian. */
function vectorBytes(vector: Float32Array): Hex {
  const view = new DataView(new ArrayBuffer(vector.length * 4))
  vector.forEach((value, index) => view.setFloat32(index * 4, value))
  return toHex(new Uint8Array(view.buffer))
}

/** Returns the hash of a prompt's token ids, four bytes each, big-endian. */
export function promptHashOf(promptIds: readonly number[]): Hex {
  return keccak256(tokenBytes(promptIds))
}

/** Returns the hash of several prompts: that of their hashes. */
export function promptsHashOf(prompts: readonly (readonly number[])[]): Hex {
  return keccak256(concat(prompts.map(promptHashOf)))
}

/**
 * Hash chain over what a job made: `head' = keccak256(head ‖ tokens of the next chunk)`, from the job id on. Each
 * embedding is a chunk of its own.
 */
export interface OutputChain {
  push(tokenIds: readonly number[]): void
  pushVector(vector: Float32Array): void
  /** Head over all tokens so far; an unfinished chunk is hashed as it stands. */
  head(): Hex
}

/** Starts the hash chain of what a job makes. */
export function createOutputChain(jobId: Hex, chunkTokens: number): OutputChain {
  let head = keccak256(jobId)
  let open: number[] = []
  const link = (chunk: Hex) => keccak256(concat([head, chunk]))
  return {
    push(tokenIds) {
      for (const id of tokenIds) {
        open.push(id)
        if (open.length < chunkTokens) continue
        head = link(tokenBytes(open))
        open = []
      }
    },
    pushVector(vector) {
      head = link(vectorBytes(vector))
    },
    head: () => (open.length === 0 ? head : link(tokenBytes(open))),
  }
}
