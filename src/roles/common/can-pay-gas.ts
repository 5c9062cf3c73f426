import type { SponsoredAction } from '../../domain/authorization.ts'
import { isLocalChain } from '../../domain/network.ts'
import type { Chain, Signer } from '../../ports/index.ts'

/** Whether an account can pay the gas for sending something itself; on the local chain gas is given. */
export async function canPayGas(
  action: SponsoredAction,
  account: Pick<Signer, 'address'>,
  chain: Pick<Chain, 'network' | 'gasBalance' | 'gasCost'>,
  channels = 1,
): Promise<boolean> {
  if (isLocalChain(chain.network)) return true
  const [held, needed] = await Promise.all([
    chain.gasBalance(account.address),
    chain.gasCost(action, channels),
  ])
  return held >= needed
}
