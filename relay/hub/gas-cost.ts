import type { SponsoredAction } from '../../src/domain/authorization.ts'
import type { MicroUsd } from '../../src/domain/price.ts'
import type { Chain } from '../../src/ports/index.ts'
import type { HubPolicy } from './hub-policy.ts'

/** Returns what sending something costs now in micro-dollars, rounded up. */
export async function gasMicroUsd(
  action: SponsoredAction,
  channels: number,
  { chain, policy }: { chain: Chain; policy: Pick<HubPolicy, 'weiPerMicroUsd'> },
): Promise<MicroUsd> {
  const wei = await chain.gasCost(action, channels)
  return (wei + policy.weiPerMicroUsd - 1n) / policy.weiPerMicroUsd
}
