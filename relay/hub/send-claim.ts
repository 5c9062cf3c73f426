import type { ClaimAuthorization, TransferAuthorization } from '../../src/domain/authorization.ts'
import { type Address, sameAddress } from '../../src/domain/bytes.ts'
import type { ChannelClaim } from '../../src/domain/channel.ts'
import type { MicroUsd } from '../../src/domain/price.ts'
import { HubError, LedgerError } from '../../src/errors/index.ts'
import { channelIdOf } from '../../src/ledger/channel-id.ts'
import { type Done, type SendDeps, done } from './send-deps.ts'
import { checkTransferFee } from './transfer-fee.ts'

/**
 * Sends a provider's signed claims on this hub's channels to it, and collects the fee in the same transaction.
 * @throws LedgerError, HubError, ChainError; nothing was sent or charged then
 */
export async function sendClaim(
  claim: ClaimAuthorization,
  fee: TransferAuthorization,
  deps: SendDeps,
): Promise<Done> {
  const { claims } = claim
  const total = await worthOf(claims, deps)
  if (total === 0n) return done(null, 0n)
  checkTransferFee(fee, await deps.quotes.least('claim', claims.length), deps)
  if (fee.amount > total) {
    throw new HubError('hub/request-refused', 'The claim is worth less than its fee.')
  }
  const { transaction, settledMicroUsd, skipped } = await deps.sponsor('claim', claims.length, (admit) =>
    deps.chain.submitClaim(claim, fee, deps.signer, admit),
  )
  await deps.onChanged(claims.map(({ voucher }) => voucher.channelId))
  return done(transaction, settledMicroUsd, skipped)
}

/** Returns what a claim would bring: what is new of it, and what was claimed before but not settled. */
async function worthOf(claims: readonly ChannelClaim[], deps: SendDeps): Promise<MicroUsd> {
  const receivers = [...new Set(claims.map(({ config }) => config.receiver))]
  const worth = await Promise.all([
    ...claims.map((claim) => riseOf(claim, deps)),
    ...receivers.map((receiver) => unsettledOf(receiver, deps)),
  ])
  return worth.reduce((sum, one) => sum + one, 0n)
}

async function unsettledOf(receiver: Address, { chain }: SendDeps): Promise<MicroUsd> {
  const { totalClaimed, totalSettled } = await chain.receiver(receiver)
  return totalClaimed - totalSettled
}

/** Returns what a line would bring, on a channel that this hub pays through. */
async function riseOf(
  { config, voucher, totalClaimed }: ChannelClaim,
  { chain, store, terms }: SendDeps,
): Promise<MicroUsd> {
  const channelId = channelIdOf(config, terms)
  const isOurs = sameAddress(config.payer, terms.account) && channelId === voucher.channelId
  if (!isOurs || !(await store.channel(channelId, 'payer'))) {
    throw new LedgerError('ledger/bad-channel', 'This hub does not pay through that channel.', {
      fault: 'user',
    })
  }
  const { totalClaimed: before } = await chain.channel(channelId)
  return totalClaimed > before ? totalClaimed - before : 0n
}
