import { type Address, type Hex, sameAddress } from '../../domain/bytes.ts'
import { type ChannelConfig, minWithdrawDelaySeconds } from '../../domain/channel.ts'
import type { HubTerms } from '../../domain/hub.ts'
import { LedgerError } from '../../errors/index.ts'

/** Who is to be paid by a channel, and the salt that it was asked to have. */
export type PayeeTerms = { provider: Address; receiver: Address; salt: Hex }

/** @throws LedgerError `ledger/bad-channel` when a hub's channel does not pay this provider as it asked */
export function checkEarnChannel(config: ChannelConfig, hub: HubTerms, payee: PayeeTerms): void {
  const fits = {
    payer: sameAddress(config.payer, hub.account) && sameAddress(config.payerAuthorizer, hub.account),
    receiver: sameAddress(config.receiver, payee.receiver),
    authorizer: sameAddress(config.receiverAuthorizer, payee.provider),
    token: sameAddress(config.token, hub.token),
    delay: config.withdrawDelay >= minWithdrawDelaySeconds,
    salt: config.salt === payee.salt,
  }
  const wrong = Object.entries(fits).flatMap(([name, ok]) => (ok ? [] : [name]))
  if (wrong.length === 0) return
  throw new LedgerError('ledger/bad-channel', `The hub's channel does not fit: ${wrong.join(', ')}.`)
}
