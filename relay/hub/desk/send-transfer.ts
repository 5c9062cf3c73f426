import type { TransferAuthorization } from '../../../src/domain/authorization.ts'
import { type Done, type SendDeps, done } from './send-deps.ts'
import { checkAlive, checkTransferFee } from './transfer-fee.ts'

/**
 * Sends somebody's signed move of money together with the fee for it: both happen or neither.
 * @throws HubError, ChainError; nothing was moved then
 */
export async function sendTransfer(
  transfer: TransferAuthorization,
  fee: TransferAuthorization,
  deps: SendDeps,
): Promise<Done> {
  checkAlive(transfer, deps)
  checkTransferFee(fee, await deps.quotes.least('transfer'), deps)
  const transaction = await deps.sponsor('transfer', 1, (admit) =>
    deps.chain.submitTransfers([transfer, fee], deps.signer, admit),
  )
  return done(transaction, transfer.amount)
}
