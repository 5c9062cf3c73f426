import type { MicroUsd } from '../domain/price.ts'

/**
 * How a claim would go: a `relay` sends it for less than it brings; the account's `own` gas does; it is `too-dear`;
 * or what it costs is `unknown`.
 */
export type ClaimWay = 'nothing' | 'relay' | 'own' | 'too-dear' | 'unknown'

/**
 * Returns how a claim would go now.
 * @param feeMicroUsd what relays ask; null where the account's own gas pays, undefined while nobody knows
 */
export function claimWay(
  claimableMicroUsd: MicroUsd,
  feeMicroUsd: MicroUsd | null | undefined,
  hasGas: boolean,
): ClaimWay {
  if (claimableMicroUsd === 0n) return 'nothing'
  if (feeMicroUsd === null) return 'own'
  if (feeMicroUsd !== undefined && feeMicroUsd < claimableMicroUsd) return 'relay'
  // Where no relay does it for less, an account with gas sends the claim itself.
  if (hasGas) return 'own'
  return feeMicroUsd === undefined ? 'unknown' : 'too-dear'
}
