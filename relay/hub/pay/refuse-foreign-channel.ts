import { type Address, sameAddress } from '../../../src/domain/bytes.ts'
import { type ChannelConfig, minWithdrawDelaySeconds } from '../../../src/domain/channel.ts'
import { LedgerError } from '../../../src/errors/index.ts'

/**
 * Checks that a channel pays this hub in its token, and leaves it time to claim.
 * @throws LedgerError `ledger/bad-channel`
 */
export function refuseForeignChannel(
  config: ChannelConfig,
  { account, token }: { account: Address; token: Address },
): void {
  const isOurs = [config.receiver, config.receiverAuthorizer].every((side) => sameAddress(side, account))
  if (!isOurs) throw badChannel('This channel pays somebody else than this hub.')
  if (!sameAddress(config.token, token)) throw badChannel('This hub takes another token.')
  if (config.withdrawDelay < minWithdrawDelaySeconds) {
    throw badChannel('The channel could be emptied before a claim.')
  }
}

function badChannel(shortMessage: string): LedgerError {
  return new LedgerError('ledger/bad-channel', shortMessage, { fault: 'user' })
}
