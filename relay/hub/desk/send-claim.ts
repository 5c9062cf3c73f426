import type { ClaimAuthorization, TransferAuthorization } from '../../../src/domain/authorization.ts'
import { type Address, sameAddress } from '../../../src/domain/bytes.ts'
import type { ChannelClaim } from '../../../src/domain/channel.ts'
import type { MicroUsd } from '../../../src/domain/price.ts'
import { HubError, LedgerError } from '../../../src/errors/index.ts'
import { channelIdOf } from '../../../src/ledger/channel-id.ts'
import { verifyVoucher } from '../../../src/ledger/verify-voucher.ts'
import { type Done, type SendDeps, done } from './send-deps.ts'
import { checkTransferFee } from './transfer-fee.ts'

/**
 * Sends a provider's signed claims, whoever pays it through them, and collects the fee in the same transaction: a
 * provider whose own hub refuses to send them must find another one that does.
 * @throws LedgerError, HubError, ChainError; nothing was sent or charged then
 */
export async function sendClaim(
  claim: ClaimAuthorization,
  fee: TransferAuthorization,
  deps: SendDeps,
): Promise<Done> {
  const { claims } = claim
  checkTransferFee(fee, await deps.quotes.least('claim', claims.length), deps)
  const total = await worthOf(claims, deps)
  if (total === 0n) return done(null, 0n)
  if (fee.amount > total) {
    throw new HubError('hub/request-refused', 'The claim is worth less than its fee.')
  }
  const { transaction, settledMicroUsd, skipped } = await deps.sponsor('claim', claims.length, (admit) =>
    deps.chain.submitClaim(claim, fee, deps.signer, admit),
  )
  const own = claims.filter(({ config }) => sameAddress(config.payer, deps.terms.account))
  await deps.onChanged(own.map(({ voucher }) => voucher.channelId))
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

/**
 * Returns what a line would bring. Only what a plain key has signed is worth trying: whatever a contract says to a
 * signature, it may say otherwise when it costs gas.
 */
async function riseOf(
  { config, voucher, totalClaimed }: ChannelClaim,
  { chain, terms }: SendDeps,
): Promise<MicroUsd> {
  if (!sameAddress(config.token, terms.token)) {
    throw new LedgerError('ledger/bad-channel', 'This hub does not know the token of that channel.', {
      fault: 'user',
    })
  }
  const channelId = channelIdOf(config, terms)
  await verifyVoucher(voucher, { channelId, payerAuthorizer: config.payerAuthorizer }, terms)
  const { totalClaimed: before } = await chain.channel(channelId)
  return totalClaimed > before ? totalClaimed - before : 0n
}
