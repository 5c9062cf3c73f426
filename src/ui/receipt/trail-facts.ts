import type { Hex } from '../../domain/bytes.ts'
import type { Network } from '../../domain/network.ts'
import type { ClaimRecord, DepositMade, PaymentTrail, ReceiptRow } from '../../state/receipts.svelte.ts'
import { exactUsd, formatTime } from '../format.ts'
import { explorerLink } from '../parts/explorer.ts'
import type { Fact } from '../parts/fact.ts'

const signatureWords = (isSigned: boolean | null) => {
  if (isSigned === null) return 'There is no receipt'
  return isSigned ? 'Checked: it is the provider’s' : 'It is not the provider’s'
}

/** Whether the pay of an answer was collected, and by which transaction as far as this tab knows. */
function collected(
  { side, promisedMicroUsd }: ReceiptRow,
  { claimedMicroUsd }: PaymentTrail,
  claim: ClaimRecord | null,
): string {
  if (claim) return `${claim.transaction}, ${formatTime(claim.atMs)}`
  if (claimedMicroUsd === null) return 'The chain does not answer now'
  const isCollected = promisedMicroUsd !== null && claimedMicroUsd >= promisedMicroUsd
  if (!isCollected) return 'Not claimed yet'
  return side === 'asked' ? 'Claimed on the chain by the other side' : 'Claimed on the chain, not from here'
}

const givenVoucher = ({ promisedMicroUsd }: ReceiptRow, voucher: PaymentTrail['voucher']): Fact[] => [
  ['Its signature', voucher?.signature ?? null],
  ['Covers this answer', promisedMicroUsd === null ? null : `from $${exactUsd(promisedMicroUsd)} on`],
]

/** The transactions behind a receipt, as far as they are known. */
export type ReceiptMoney = { deposit: DepositMade | null; claim: ClaimRecord | null }

/**
 * What leads from a receipt to its money: the signature, the deposit that it was paid from, the voucher that pays it, the
 * claim that collected it.
 */
export function trailFacts(
  row: ReceiptRow,
  trail: PaymentTrail,
  { deposit, claim }: ReceiptMoney,
  network: Network | null,
): Fact[] {
  const { voucher, isSigned } = trail
  const linkTo = (made: { transaction: Hex } | null) =>
    made ? explorerLink(network, 'tx', made.transaction) : undefined
  return [
    ['Receipt signature', signatureWords(isSigned)],
    ['Deposit', deposit && `${deposit.transaction}, ${formatTime(deposit.atMs)}`, linkTo(deposit)],
    [
      'Highest voucher',
      voucher ? `$${exactUsd(voucher.maxClaimableAmount)}, over all answers of this channel` : null,
    ],
    // An answer that was asked keeps the voucher that was given for it, and its signature, itself.
    ...(row.side === 'answered' ? givenVoucher(row, voucher) : []),
    ['Claim', collected(row, trail, claim), linkTo(claim)],
  ]
}
