import { sameAddress } from '../../domain/bytes.ts'
import type { Signer, VoucherStore } from '../../ports/index.ts'
import { canPayGas } from '../common/can-pay-gas.ts'
import { channelsHere } from '../common/channels-here.ts'
import type { KnownHubs } from '../hub/known-hubs.ts'
import { type SignedDeposit, type SignedDepositDeps, undoneDeposits } from './signed-deposits.ts'

/** Much longer than a block, much shorter than what was signed is valid. */
const intervalMs = 60_000

/** What deposits are watched over with. */
export type GuardDepositsDeps = SignedDepositDeps & {
  vouchers: VoucherStore
  /** Whose deposits. */
  wallet: Signer
  /** Sends them where it has the gas for it, and asks nobody. */
  sender: Signer
  hubs: Pick<KnownHubs, 'byAccount' | 'client'>
}

/**
 * Sends deposits again that a reorganisation undid, as they were signed, until the signal aborts: providers and hubs
 * were paid on their strength.
 */
export async function guardDeposits(deps: GuardDepositsDeps, signal: AbortSignal): Promise<void> {
  while (!signal.aborted) {
    // The chain or a hub that cannot be asked now is asked again.
    await resendUndone(deps).catch(() => {})
    await deps.clock.sleep(intervalMs, signal).catch(() => {})
  }
}

async function resendUndone(deps: GuardDepositsDeps): Promise<void> {
  const { chain, vouchers, wallet } = deps
  const records = await channelsHere(vouchers, 'payer', chain.network)
  for (const { channelId, config } of records) {
    if (!sameAddress(config.payer, wallet.address)) continue
    // One that cannot be sent now keeps no other from it.
    const undone = await undoneDeposits(channelId, deps).catch(() => [])
    for (const signed of undone) await resend(signed, deps).catch(() => {})
  }
}

/** Without gas its hub is asked, for the fee that was promised the first time and no other. */
async function resend({ deposit, fee }: SignedDeposit, deps: GuardDepositsDeps): Promise<void> {
  const { chain, sender, hubs } = deps
  if (await canPayGas('deposit', sender, chain)) {
    await chain.submitDeposit(deposit, sender)
    return
  }
  const hub = await hubs.byAccount(deposit.config.receiver)
  if (hub && fee) await hubs.client(hub.peerId).deposit(deposit, fee.voucher)
}
