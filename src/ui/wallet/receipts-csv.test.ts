import { expect, it } from 'vitest'
import type { ClaimRecord, DepositMade, ReceiptRow } from '../../state/receipts.svelte.ts'
import { toCsv } from './receipts-csv.ts'

/** Reads CSV as RFC 4180 describes it. */
function parseCsv(text: string): string[][] {
  const records: string[][] = []
  let cells: string[] = []
  const cell = /(?:"((?:[^"]|"")*)"|([^",\r\n]*))(,|\r\n)/y
  for (let match = cell.exec(text); match; match = cell.exec(text)) {
    cells.push(match[1]?.replaceAll('""', '"') ?? match[2] ?? '')
    if (match[3] === ',') continue
    records.push(cells)
    cells = []
  }
  return records
}

const asRecords = (csv: string) => {
  const [names = [], ...rows] = parseCsv(csv)
  return rows.map((row) => Object.fromEntries(names.map((name, at) => [name, row[at]])))
}

const row: ReceiptRow = {
  side: 'answered',
  key: '0x01',
  atMs: Date.UTC(2026, 10, 23, 12, 30),
  jobId: '0x01',
  modelId: '0x02',
  modelName: 'SmolLM2 135M',
  provider: '0x03',
  hub: null,
  channelId: '0x04',
  tokens: { promptTokens: 5, completionTokens: 6 },
  finishReason: 'stop',
  chargeMicroUsd: 1_234_567n,
  relayMicroUsd: null,
  amountMicroUsd: 18n,
  promisedMicroUsd: 2_000_000n,
  receipt: null,
}
const claim: ClaimRecord = {
  atMs: Date.UTC(2026, 10, 24),
  transaction: '0xaa',
  settledMicroUsd: 2n,
  feeMicroUsd: 0n,
  channels: [],
}

const deposit: DepositMade = { atMs: Date.UTC(2026, 10, 22), transaction: '0xdd', channelId: '0x04' }
const nothing = () => ({ deposit: null, claim: null })
const network = { explorerUrl: 'https://explorer.example.org/' }

it('has one record per receipt, with every id, exact amounts and ISO times', () => {
  const rows: ReceiptRow[] = [row, { ...row, side: 'asked', hub: '0x05' }]
  const csv = toCsv(
    rows,
    ({ side }) => (side === 'asked' ? { deposit, claim: null } : { deposit: null, claim }),
    network,
  )
  expect(csv.endsWith('\r\n')).toBe(true)
  expect(asRecords(csv)).toMatchObject([
    {
      time: '2026-11-23T12:30:00.000Z',
      side: 'answered',
      amount_usd: '0.000018',
      provider_charge_usd: '1.234567',
      job_id: '0x01',
      channel_id: '0x04',
      voucher_up_to_usd: '2.000000',
      deposit_transaction: '',
      deposit_link: '',
      claim_transaction: '0xaa',
      claim_link: 'https://explorer.example.org/tx/0xaa',
      claimed_at: '2026-11-24T00:00:00.000Z',
      relay_account: '',
    },
    {
      side: 'asked',
      relay_account: '0x05',
      deposit_transaction: '0xdd',
      deposit_link: 'https://explorer.example.org/tx/0xdd',
      claim_transaction: '',
      claim_link: '',
      claimed_at: '',
    },
  ])
})

it('names transactions where there is no explorer to link to', () => {
  const [record] = asRecords(toCsv([row], () => ({ deposit, claim }), {}))
  expect(record).toMatchObject({ deposit_transaction: '0xdd', deposit_link: '', claim_link: '' })
})

it.each(['plain', 'with, comma', 'with "quotes"', 'two\r\nlines', ''])(
  'gives %j back as it was',
  (modelName) => {
    const [record] = asRecords(toCsv([{ ...row, modelName }], nothing, null))
    expect(record?.model).toBe(modelName)
  },
)

it.each(['=1+1', '+1', '-1', '@SUM(A1)', '\tx', '\r=1', '=HYPERLINK("x";"y")'])(
  'leaves nothing of %j for a spreadsheet to compute',
  (modelName) => {
    const [record] = asRecords(toCsv([{ ...row, modelName }], nothing, null))
    expect(record?.model).toBe(`'${modelName}`)
  },
)
