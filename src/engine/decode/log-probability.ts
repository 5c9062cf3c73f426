import { exactExp, exactLog } from '../exact-math.ts'
import { largest } from './likely-tokens.ts'

/** Returns what to take from a logit to make it a natural log-probability. */
export function logNormaliser(logits: Float32Array): number {
  const highest = largest(logits)
  let total = 0
  for (const logit of logits) total += exactExp(logit - highest)
  return highest + exactLog(total)
}

/** Returns the natural log-probability of one token. */
export function readLogProb(logits: Float32Array, tokenId: number): number {
  return logits[tokenId]! - logNormaliser(logits)
}
