import type { DatabaseSync, StatementSync } from 'node:sqlite'

const sql = {
  addChannel: `INSERT INTO channels VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, NULL) ON CONFLICT DO NOTHING`,
  channel: 'SELECT * FROM channels WHERE side = ? AND channel_id = ?',
  channels: 'SELECT * FROM channels WHERE side = ?',
  payees: `SELECT * FROM channels INDEXED BY payees
    WHERE side = 'payer' AND lower(json_extract(config, '$.receiverAuthorizer')) = ?`,
  promises: `SELECT channel_id, voucher_micro_usd FROM channels WHERE side = 'payer'`,
  unclaimed: `SELECT channel_id, attributed_micro_usd, claimed_micro_usd FROM channels INDEXED BY unclaimed
    WHERE side = 'receiver' AND (length(attributed_micro_usd) > length(claimed_micro_usd) OR
    (length(attributed_micro_usd) = length(claimed_micro_usd) AND attributed_micro_usd > claimed_micro_usd))`,
  claimedSince: `SELECT channel_id, claimed_micro_usd FROM channels INDEXED BY claimed_lately
    WHERE claimed_at_ms >= ?`,
  setClaimedAt: `UPDATE channels SET claimed_at_ms = ? WHERE side = 'receiver' AND channel_id = ?`,
  setChannel: `UPDATE channels SET voucher_micro_usd = ?, voucher_signature = ?, claimed_micro_usd = ?
    WHERE side = ? AND channel_id = ?`,
  setAttributed: `UPDATE channels SET attributed_micro_usd = ? WHERE side = 'receiver' AND channel_id = ?`,
  addJob: 'INSERT INTO jobs VALUES (?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT DO NOTHING',
  job: 'SELECT * FROM jobs WHERE job_id = ?',
  setCharge: 'UPDATE jobs SET charge_micro_usd = ? WHERE job_id = ?',
  pruneUnpaid: `DELETE FROM jobs WHERE job_id IN (SELECT job_id FROM jobs INDEXED BY jobs_unpaid
    WHERE charge_micro_usd = '0' AND opened_at_ms < ? AND job_id NOT IN (SELECT value FROM json_each(?)) LIMIT ?)`,
  pruneJobs: `DELETE FROM jobs WHERE job_id IN (SELECT job_id FROM jobs INDEXED BY jobs_by_age
    WHERE opened_at_ms < ? AND job_id NOT IN (SELECT value FROM json_each(?)) LIMIT ?)`,
  pruneFees: `DELETE FROM fees WHERE rowid IN (SELECT rowid FROM fees INDEXED BY fees_by_age
    WHERE at_ms < ? LIMIT ?)`,
  addFee: 'INSERT INTO fees VALUES (?, ?, ?, ?)',
  feeFor: 'SELECT 1 FROM fees INDEXED BY fees_of_deposits WHERE deposit = ?',
  beginRefund: 'INSERT INTO refunding VALUES (?, ?, ?, ?, ?, ?, ?) ON CONFLICT DO NOTHING',
  refund: 'SELECT * FROM refunding WHERE channel_id = ?',
  refunds: 'SELECT * FROM refunding',
  endRefund: 'DELETE FROM refunding WHERE channel_id = ?',
  totals: 'SELECT * FROM totals',
  setTotals: `UPDATE totals SET jobs = ?, volume_micro_usd = ?, spread_micro_usd = ?, fees_micro_usd = ?,
    promised_micro_usd = ?, claimed_micro_usd = ?`,
} as const

/** What a hub's store asks of its database, prepared once. */
export type HubStatements = Record<keyof typeof sql, StatementSync>

/** Prepares a hub store's statements. */
export function prepareStatements(database: DatabaseSync): HubStatements {
  const prepared = Object.entries(sql).map(([name, text]) => [name, database.prepare(text)])
  return Object.fromEntries(prepared)
}
