import type { MicroUsd } from '../domain/price.ts'
import type { WalletOverview } from '../roles/wallet/settle.ts'

/** What a claim's fee could come from. */
type ClaimableMoney = Pick<WalletOverview, 'balanceMicroUsd' | 'claimableMicroUsd' | 'bond'>

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

/**
 * Returns what the balance lacks for a claim whose money the bond holds first: the fee then comes from the balance, in
 * the same transaction or not at all.
 */
export function missingForFee(
  { balanceMicroUsd, claimableMicroUsd, bond }: ClaimableMoney,
  feeMicroUsd: MicroUsd | null | undefined,
): MicroUsd {
  if (!bond || !feeMicroUsd) return 0n
  const over = claimableMicroUsd + bond.heldMicroUsd - bond.targetMicroUsd
  const paidOut = bond.freeMicroUsd + (over > 0n ? over : 0n)
  const missing = feeMicroUsd - balanceMicroUsd - paidOut
  return missing > 0n ? missing : 0n
}
