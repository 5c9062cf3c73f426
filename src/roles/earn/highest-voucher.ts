import { sameAddress } from '../../domain/bytes.ts'
import { type Voucher, promisedBy } from '../../domain/channel.ts'
import type { HubTerms } from '../../domain/hub.ts'
import { channelsHere } from '../common/channels-here.ts'
import type { PayeeTerms } from './check-earn-channel.ts'
import type { EarnChannelDeps } from './earn-channel.ts'

/** Returns the highest voucher that is kept of a hub's channel to this payee, or null. */
export async function highestVoucher(
  hub: HubTerms,
  { provider, receiver, salt }: PayeeTerms,
  { vouchers, chain }: Pick<EarnChannelDeps, 'vouchers' | 'chain'>,
): Promise<Voucher | null> {
  const kept = (await channelsHere(vouchers, 'receiver', chain.network)).filter(
    ({ config }) =>
      config.salt === salt &&
      sameAddress(config.payer, hub.account) &&
      sameAddress(config.receiver, receiver) &&
      sameAddress(config.receiverAuthorizer, provider),
  )
  return kept.reduce<Voucher | null>(
    (highest, { voucher }) => (promisedBy(voucher) > promisedBy(highest) ? voucher : highest),
    null,
  )
}
