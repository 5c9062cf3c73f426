/**
 * Migration n leads a hub's database from version n to n + 1. Never change one that was released: add another.
 * Amounts are decimal text, because SQLite's numbers end at 64 bits; ids and signatures are hexadecimal text.
 */
export const hubMigrations: readonly string[] = [
  `
  CREATE TABLE channels (
    side TEXT NOT NULL CHECK (side IN ('payer', 'receiver')),
    channel_id TEXT NOT NULL,
    config TEXT NOT NULL,
    chain_id INTEGER NOT NULL,
    settlement TEXT NOT NULL,
    voucher_micro_usd TEXT,
    voucher_signature TEXT,
    claimed_micro_usd TEXT NOT NULL,
    attributed_micro_usd TEXT NOT NULL,
    PRIMARY KEY (side, channel_id),
    CHECK ((voucher_micro_usd IS NULL) = (voucher_signature IS NULL))
  ) STRICT, WITHOUT ROWID;

  CREATE TABLE jobs (
    job_id TEXT NOT NULL PRIMARY KEY,
    payer_channel_id TEXT NOT NULL,
    provider TEXT NOT NULL,
    payee_channel_id TEXT NOT NULL,
    ceiling_micro_usd TEXT NOT NULL,
    spread_millionths INTEGER NOT NULL,
    charge_micro_usd TEXT NOT NULL,
    opened_at_ms INTEGER NOT NULL
  ) STRICT, WITHOUT ROWID;

  CREATE TABLE fees (
    channel_id TEXT NOT NULL,
    fee_micro_usd TEXT NOT NULL,
    at_ms INTEGER NOT NULL
  ) STRICT;

  CREATE TABLE totals (
    only INTEGER NOT NULL PRIMARY KEY CHECK (only = 1),
    jobs INTEGER NOT NULL,
    volume_micro_usd TEXT NOT NULL,
    spread_micro_usd TEXT NOT NULL,
    fees_micro_usd TEXT NOT NULL
  ) STRICT;
  INSERT INTO totals VALUES (1, 0, '0', '0', '0');
  `,
  `
  CREATE TABLE refunding (
    channel_id TEXT NOT NULL PRIMARY KEY,
    number TEXT NOT NULL,
    since_ms INTEGER NOT NULL,
    total_claimed_micro_usd TEXT NOT NULL,
    fee_micro_usd TEXT NOT NULL,
    fee_voucher_micro_usd TEXT NOT NULL,
    fee_voucher_signature TEXT NOT NULL
  ) STRICT, WITHOUT ROWID;
  `,
  // Decimal text without leading zeros: what is longer is more.
  `
  ALTER TABLE channels ADD COLUMN claimed_at_ms INTEGER;
  UPDATE channels SET claimed_at_ms = 1000 * unixepoch() WHERE side = 'receiver' AND claimed_micro_usd <> '0';
  CREATE INDEX unclaimed ON channels (channel_id) WHERE side = 'receiver' AND
    (length(attributed_micro_usd) > length(claimed_micro_usd) OR
    (length(attributed_micro_usd) = length(claimed_micro_usd) AND attributed_micro_usd > claimed_micro_usd));
  CREATE INDEX claimed_lately ON channels (claimed_at_ms) WHERE claimed_at_ms IS NOT NULL;
  CREATE INDEX payees ON channels (lower(json_extract(config, '$.receiverAuthorizer'))) WHERE side = 'payer';
  CREATE INDEX jobs_by_age ON jobs (opened_at_ms);
  CREATE INDEX jobs_unpaid ON jobs (opened_at_ms) WHERE charge_micro_usd = '0';
  CREATE INDEX fees_by_age ON fees (at_ms);

  ALTER TABLE totals ADD COLUMN promised_micro_usd TEXT NOT NULL DEFAULT '0';
  ALTER TABLE totals ADD COLUMN claimed_micro_usd TEXT NOT NULL DEFAULT '0';
  UPDATE totals SET
    promised_micro_usd = (SELECT CAST(coalesce(sum(CAST(voucher_micro_usd AS INTEGER)), 0) AS TEXT)
      FROM channels WHERE side = 'payer'),
    claimed_micro_usd = (SELECT CAST(coalesce(sum(CAST(claimed_micro_usd AS INTEGER)), 0) AS TEXT)
      FROM channels WHERE side = 'receiver');
  `,
  `
  ALTER TABLE fees ADD COLUMN deposit TEXT;
  CREATE INDEX fees_of_deposits ON fees (deposit) WHERE deposit IS NOT NULL;
  `,
]
