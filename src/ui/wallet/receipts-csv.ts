import type { Hex } from '../../domain/bytes.ts'
import type { Network } from '../../domain/network.ts'
import type { ReceiptRow } from '../../state/receipts.svelte.ts'
import { exactUsd } from '../format.ts'
import { explorerLink } from '../parts/explorer.ts'
import type { ReceiptMoney } from '../receipt/trail-facts.ts'

type Cell = string | number | null
/** The transactions behind a receipt, and where a reader sees one. */
type Money = ReceiptMoney & { linkTo: (made: { transaction: Hex } | null) => string | null }
type Column = [name: string, cell: (row: ReceiptRow, money: Money) => Cell]

const usd = (amount: bigint | null) => (amount === null ? null : exactUsd(amount))
const isoTime = (atMs: number) => new Date(atMs).toISOString()

/** Every id that leads from an answer to its money, in the order a reader asks for them. */
const columns: Column[] = [
  ['time', ({ atMs }) => isoTime(atMs)],
  ['side', ({ side }) => side],
  ['amount_usd', ({ amountMicroUsd }) => usd(amountMicroUsd)],
  ['provider_charge_usd', ({ chargeMicroUsd }) => usd(chargeMicroUsd)],
  ['relay_share_usd', ({ relayMicroUsd }) => usd(relayMicroUsd)],
  ['model', ({ modelName }) => modelName],
  ['prompt_tokens', ({ tokens }) => tokens.promptTokens],
  ['completion_tokens', ({ tokens }) => tokens.completionTokens],
  ['finish_reason', ({ finishReason }) => finishReason],
  ['job_id', ({ jobId }) => jobId],
  ['model_id', ({ modelId }) => modelId],
  ['provider', ({ provider }) => provider],
  ['relay_account', ({ hub }) => hub],
  ['channel_id', ({ channelId }) => channelId],
  ['voucher_up_to_usd', ({ promisedMicroUsd }) => usd(promisedMicroUsd)],
  ['deposit_transaction', (_, { deposit }) => deposit && deposit.transaction],
  ['deposit_link', (_, { deposit, linkTo }) => linkTo(deposit)],
  ['claim_transaction', (_, { claim }) => claim && claim.transaction],
  ['claim_link', (_, { claim, linkTo }) => linkTo(claim)],
  ['claimed_at', (_, { claim }) => claim && isoTime(claim.atMs)],
  ['arithmetic_id', ({ receipt }) => receipt && receipt.receipt.arithmeticId],
  ['terms_hash', ({ receipt }) => receipt && receipt.receipt.termsHash],
  ['prompt_hash', ({ receipt }) => receipt && receipt.receipt.promptHash],
  ['output_hash', ({ receipt }) => receipt && receipt.receipt.outputHead],
  ['receipt_issued_at', ({ receipt }) => receipt && isoTime(receipt.receipt.issuedAtSeconds * 1000)],
  ['receipt_signature', ({ receipt }) => receipt && receipt.signature],
]

/** What a spreadsheet would take for the start of a formula. */
const formulaStart = /^[=+\-@\t\r]/

/** Returns a cell as RFC 4180 wants it; text that a spreadsheet would compute is led by an apostrophe. */
function toCell(value: Cell): string {
  const text = String(value ?? '')
  const inert = formulaStart.test(text) ? `'${text}` : text
  return /[",\r\n]/.test(inert) ? `"${inert.replaceAll('"', '""')}"` : inert
}

/** Returns receipts as CSV (RFC 4180): one row each, times in ISO 8601, amounts to the micro-dollar. */
export function toCsv(
  rows: readonly ReceiptRow[],
  moneyOf: (row: ReceiptRow) => ReceiptMoney,
  network: Pick<Network, 'explorerUrl'> | null,
): string {
  const linkTo: Money['linkTo'] = (made) => (made && explorerLink(network, 'tx', made.transaction)) ?? null
  const lines = rows.map((row) => {
    const money = { ...moneyOf(row), linkTo }
    return columns.map(([, cell]) => toCell(cell(row, money)))
  })
  return [columns.map(([name]) => name), ...lines].map((cells) => `${cells.join(',')}\r\n`).join('')
}
