import type { MicroUsd } from '../../../src/domain/price.ts'
import type { HubPolicy } from '../hub-policy.ts'

/** Each deposit is so many times what its provider was paid so far. */
const growth = 4n
/** A channel of which less than this part of the next deposit is free is topped up. */
const lowParts = 4n

type Sizes = Pick<HubPolicy, 'firstDepositMicroUsd' | 'depositMicroUsd'>

/** Returns what is put into a provider's channel at a time: little at first, then by what it was really paid. */
export function depositAfter(
  promisedMicroUsd: MicroUsd,
  { firstDepositMicroUsd, depositMicroUsd }: Sizes,
): MicroUsd {
  const grown = growth * promisedMicroUsd
  const least = grown > firstDepositMicroUsd ? grown : firstDepositMicroUsd
  return least < depositMicroUsd ? least : depositMicroUsd
}

/** Whether a channel should be topped up ahead of need: never before its provider was paid anything. */
export function isLow(freeMicroUsd: MicroUsd, promisedMicroUsd: MicroUsd, sizes: Sizes): boolean {
  const isPaid = promisedMicroUsd > 0n
  return isPaid && freeMicroUsd >= 0n && freeMicroUsd < depositAfter(promisedMicroUsd, sizes) / lowParts
}

/** Returns what of a channel's money lies there on trust: more than what its provider was paid gives reason for. */
export function onTrust(lockedMicroUsd: MicroUsd, promisedMicroUsd: MicroUsd): MicroUsd {
  const beyond = lockedMicroUsd - (growth + 1n) * promisedMicroUsd
  return beyond > 0n ? beyond : 0n
}
