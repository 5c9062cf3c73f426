import { expect, it } from 'vitest'
import type { ClaimRecord, ReceiptRow } from '../../state/receipts.svelte.ts'
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

it('has one record per receipt, with every id, exact amounts and ISO times', () => {
  const csv = toCsv([row, { ...row, side: 'asked', hub: '0x05' }], ({ hub }) => (hub ? null : claim))
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
      claim_transaction: '0xaa',
      claimed_at: '2026-11-24T00:00:00.000Z',
      relay_account: '',
    },
    { side: 'asked', relay_account: '0x05', claim_transaction: '', claimed_at: '' },
  ])
})

it.each(['plain', 'with, comma', 'with "quotes"', 'two\r\nlines', ''])(
  'gives %j back as it was',
  (modelName) => {
    const [record] = asRecords(toCsv([{ ...row, modelName }], () => null))
    expect(record?.model).toBe(modelName)
  },
)

it.each(['=1+1', '+1', '-1', '@SUM(A1)', '\tx', '\r=1', '=HYPERLINK("x";"y")'])(
  'leaves nothing of %j for a spreadsheet to compute',
  (modelName) => {
    const [record] = asRecords(toCsv([{ ...row, modelName }], () => null))
    expect(record?.model).toBe(`'${modelName}`)
  },
)
