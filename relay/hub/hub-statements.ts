import type { DatabaseSync, StatementSync } from 'node:sqlite'

const sql = {
  addChannel: `INSERT INTO channels VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT DO NOTHING`,
  channel: 'SELECT * FROM channels WHERE side = ? AND channel_id = ?',
  channels: 'SELECT * FROM channels WHERE side = ?',
  setChannel: `UPDATE channels SET voucher_micro_usd = ?, voucher_signature = ?, claimed_micro_usd = ?
    WHERE side = ? AND channel_id = ?`,
  setAttributed: `UPDATE channels SET attributed_micro_usd = ? WHERE side = 'receiver' AND channel_id = ?`,
  addJob: 'INSERT INTO jobs VALUES (?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT DO NOTHING',
  job: 'SELECT * FROM jobs WHERE job_id = ?',
  setCharge: 'UPDATE jobs SET charge_micro_usd = ? WHERE job_id = ?',
  addFee: 'INSERT INTO fees VALUES (?, ?, ?)',
  beginRefund: 'INSERT INTO refunding VALUES (?, ?, ?, ?, ?, ?, ?) ON CONFLICT DO NOTHING',
  refund: 'SELECT * FROM refunding WHERE channel_id = ?',
  refunds: 'SELECT * FROM refunding',
  endRefund: 'DELETE FROM refunding WHERE channel_id = ?',
  totals: 'SELECT * FROM totals',
  setTotals: 'UPDATE totals SET jobs = ?, volume_micro_usd = ?, spread_micro_usd = ?, fees_micro_usd = ?',
} as const

/** What a hub's store asks of its database, prepared once. */
export type HubStatements = Record<keyof typeof sql, StatementSync>

/** Prepares a hub store's statements. */
export function prepareStatements(database: DatabaseSync): HubStatements {
  const prepared = Object.entries(sql).map(([name, text]) => [name, database.prepare(text)])
  return Object.fromEntries(prepared)
}
