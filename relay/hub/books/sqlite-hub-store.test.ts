import { chmod, mkdir, mkdtemp, open, readFile, rm, stat, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { afterEach, beforeEach, expect, test } from 'vitest'
import type { Hex } from '../../../src/domain/bytes.ts'
import { channelRecord, voucherOf } from '../../../tests/fixtures/channel.ts'
import { addParties, hubJob, hubPayee, hubPayer } from '../../../tests/fixtures/hub-world.ts'
import { hubMigrations } from './hub-migrations.ts'
import { type HubBooks, openSqliteHubStore } from './sqlite-hub-store.ts'

const [payer, payee] = [hubPayer(1), hubPayee(1)]
const job = hubJob(1, payer, payee, 1_000_000n)

let directory: string
let path: string
let opened: HubBooks[]

beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), 'opentab-hub-store-'))
  path = join(directory, 'hub.sqlite')
  opened = []
})

afterEach(async () => {
  for (const store of opened) await store.close()
  await rm(directory, { recursive: true })
})

function openBooks(...[options]: [Parameters<typeof openSqliteHubStore>[1]?]): HubBooks {
  const store = openSqliteHubStore(path, options)
  opened.push(store)
  return store
}

test('books come back as they were left', async () => {
  const store = openBooks()
  await addParties(store, [payer, payee])
  await store.addJob(job)
  await store.forward([forwarding(100n)])
  await store.close()
  const again = openBooks()
  expect(await again.job(job.jobId)).toEqual({ ...job, chargeMicroUsd: 100n })
  expect(await again.channel(payer.channel.channelId, 'receiver')).toEqual({
    ...payer.channel,
    voucher: forwarding(100n).incoming,
  })
  expect(await again.attributed(payer.channel.channelId)).toBe(102n)
})

test('two relays cannot have the same books open', async () => {
  const first = openBooks()
  expect(() => openBooks()).toThrow(
    expect.objectContaining({
      code: 'storage/unavailable',
      shortMessage: "Another relay has the hub's books open.",
    }),
  )
  await addParties(first, [payer])
  await first.close()
  expect(await openBooks().channels('receiver')).toHaveLength(1)
})

test('books that are closed are not read and not written', async () => {
  const store = openBooks()
  await store.close()
  await store.close()
  await expect(store.totals()).rejects.toMatchObject({ code: 'storage/unavailable' })
  await expect(store.addChannel(payer.channel)).rejects.toMatchObject({ code: 'storage/unavailable' })
})

test('books of a newer relay are left alone', async () => {
  await openBooks({ migrations: [...hubMigrations, 'CREATE TABLE later (a TEXT) STRICT'] }).close()
  expect(() => openBooks()).toThrow(expect.objectContaining({ code: 'storage/unavailable' }))
})

test('older books are brought up to date, wholly or not at all', async () => {
  const older = openBooks()
  await addParties(older, [payer])
  await older.close()
  const rename = 'ALTER TABLE fees RENAME TO charges'
  expect(() => openBooks({ migrations: [...hubMigrations, rename, 'not SQL'] })).toThrow(
    expect.objectContaining({ code: 'storage/unavailable' }),
  )
  const same = openBooks()
  await same.addFee({ channelId: payer.channel.channelId, feeMicroUsd: 1n, atMs: 0 }, forwarding(1n).incoming)
  expect((await same.totals()).feesMicroUsd).toBe(1n)
})

test('the first books there were are brought up to date with their sums', async () => {
  const first = new DatabaseSync(path)
  first.exec(hubMigrations[0]!)
  const add = first.prepare('INSERT INTO channels VALUES (?, ?, ?, 31337, ?, ?, ?, ?, ?)')
  const config = JSON.stringify(payee.channel.config)
  add.run('payer', payee.channel.channelId, config, '0x55', '700', '0xaa', '0', '0')
  add.run(
    'receiver',
    payer.channel.channelId,
    JSON.stringify(payer.channel.config),
    '0x55',
    '800',
    '0xaa',
    '95',
    '110',
  )
  first.exec('PRAGMA user_version = 1')
  first.close()
  const store = openBooks()
  expect(await store.totals()).toMatchObject({ promisedMicroUsd: 700n, claimedMicroUsd: 95n })
  expect(await store.unclaimed()).toMatchObject([{ attributedMicroUsd: 110n, claimedMicroUsd: 95n }])
  expect(await store.channelsTo(payee.channel.config.receiverAuthorizer)).toHaveLength(1)
  expect(await store.refunds()).toEqual([])
  // The chain may yet undo what was claimed just before.
  expect(await store.claimedSince(Date.now() - 60_000)).toMatchObject([{ claimedMicroUsd: 95n }])
})

test('what is no longer needed goes piece by piece, and each time it is told whether that was all', async () => {
  await openBooks().close()
  const file = new DatabaseSync(path)
  file.exec(`INSERT INTO jobs WITH RECURSIVE numbers(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM numbers LIMIT 1500)
    SELECT printf('0x%064x', n), '0x01', '0x02', '0x03', '10', 0, '0', n FROM numbers`)
  file.close()
  const store = openBooks()
  const first = await store.job(jobIdOf(1))
  const limits = { unpaidBeforeMs: 1_500, allBeforeMs: 0, openJobs: new Set([jobIdOf(1)]) }
  expect(await store.prune(limits)).toBe(true)
  expect(await store.prune(limits)).toBe(false)
  expect([await store.job(jobIdOf(1)), await store.job(jobIdOf(1_499))]).toEqual([first, null])
  expect(await store.job(jobIdOf(1_500))).toMatchObject({ openedAtMs: 1_500 })

  function jobIdOf(number: number): Hex {
    return `0x${number.toString(16).padStart(64, '0')}`
  }
})

test('a file that is no database is refused and kept', async () => {
  await writeFile(path, 'These are not the books that you are looking for. '.repeat(100))
  expect(() => openBooks()).toThrow(expect.objectContaining({ code: 'storage/corrupt', retryable: false }))
  expect(await readFile(path, 'utf8')).toContain('not the books')
})

test('a damaged page is found when the books are opened', async () => {
  const store = openBooks()
  for (let index = 0; index < 60; index++) await store.addChannel(hubPayer(index).channel)
  await store.close()
  const file = await open(path, 'r+')
  for (let page = 1; page * 4096 < (await stat(path)).size; page++) {
    await file.write(Buffer.alloc(512, 0xa5), 0, 512, page * 4096)
  }
  await file.close()
  expect(() => openBooks()).toThrow(expect.objectContaining({ code: 'storage/corrupt' }))
})

test('an amount that is no number is never taken for one', async () => {
  const store = openBooks()
  await addParties(store, [payer])
  await store.close()
  const database = new DatabaseSync(path)
  database.exec(`UPDATE channels SET attributed_micro_usd = '12x'`)
  database.close()
  await expect(openBooks().attributed(payer.channel.channelId)).rejects.toMatchObject({
    code: 'storage/corrupt',
  })
})

test('a directory that is missing or cannot be written is told apart from damage', async () => {
  expect(() => openSqliteHubStore(join(directory, 'nowhere', 'hub.sqlite'))).toThrow(
    expect.objectContaining({
      code: 'storage/unavailable',
      shortMessage: "The hub's books cannot be read or written.",
    }),
  )
  // Root may write everywhere but into the kernel's own file systems.
  const isRoot = process.getuid?.() === 0
  const readOnly = isRoot ? '/proc' : join(directory, 'read-only')
  if (!isRoot) {
    await mkdir(readOnly)
    await chmod(readOnly, 0o500)
  }
  expect(() => openSqliteHubStore(join(readOnly, 'hub.sqlite'))).toThrow(
    expect.objectContaining({ code: 'storage/unavailable' }),
  )
})

test('a full disk refuses what does not fit, keeps what did, and goes on once there is room', async () => {
  await openBooks().close()
  const pages = Math.ceil((await stat(path)).size / 4096)
  // The limit holds for this one connection.
  const limited = openBooks({ migrations: [...hubMigrations, `PRAGMA max_page_count = ${pages + 6}`] })
  await addParties(limited, [payer, payee])
  await limited.addJob(job)
  await limited.forward([forwarding(100n)])
  const kept = await fillUp(limited)
  expect(kept).toBeGreaterThan(0)
  expect(await limited.channels('payer')).toHaveLength(1 + kept)
  await limited.forward([forwarding(200n)])
  await limited.close()
  const database = new DatabaseSync(path)
  database.exec(`PRAGMA user_version = ${hubMigrations.length}`)
  database.close()
  const again = openBooks()
  await again.addChannel(channelRecord('ff', 'payer'))
  expect(await again.channels('payer')).toHaveLength(2 + kept)
  expect((await again.job(job.jobId))?.chargeMicroUsd).toBe(200n)
})

/** Adds channels until one is refused, and returns how many were kept. */
async function fillUp(store: HubBooks): Promise<number> {
  for (let kept = 0; kept < 10_000; kept++) {
    const error: unknown = await store
      .addChannel(hubPayee(10 + kept).channel)
      .catch((refused: unknown) => refused)
    if (error === undefined) continue
    expect(error).toMatchObject({ code: 'storage/quota' })
    return kept
  }
  throw new Error('The disk never filled.')
}

function forwarding(charge: bigint) {
  const { channelId } = payer.channel
  const outgoing = { ...voucherOf('00', charge), channelId: payee.channel.channelId }
  return {
    jobId: job.jobId,
    chargeMicroUsd: charge,
    incoming: { ...voucherOf('00', 2n * charge), channelId },
    outgoing,
  }
}

test('a copy of books that are being written opens, whole, as they were', async () => {
  const store = openBooks()
  await addParties(store, [payer, payee])
  await store.addJob(job)
  const copy = join(directory, 'copy.sqlite')
  let charge = 0n
  let copies = 0
  const copying = store.copyTo(copy).then(() => copies++)
  while (copies === 0) {
    await store.forward([forwarding((charge += 10n))])
    await new Promise(setImmediate)
  }
  await copying
  expect((await stat(copy)).mode & 0o777).toBe(0o600)
  const opening = openSqliteHubStore(copy)
  opened.push(opening)
  const { chargeMicroUsd } = (await opening.job(job.jobId))!
  expect(chargeMicroUsd).toBeLessThanOrEqual(charge)
  expect((await opening.channel(payee.channel.channelId, 'payer'))?.voucher).toEqual(
    chargeMicroUsd === 0n ? null : forwarding(chargeMicroUsd).outgoing,
  )
  expect(await opening.totals()).toMatchObject({ volumeMicroUsd: chargeMicroUsd })
})

test('a copy that cannot be written leaves the last one', async () => {
  const store = openBooks()
  await addParties(store, [payer])
  const copy = join(directory, 'copy.sqlite')
  await store.copyTo(copy)
  const before = await readFile(copy)
  await mkdir(`${copy}.unfinished`)
  await expect(store.copyTo(copy)).rejects.toMatchObject({ code: 'storage/unavailable' })
  expect(await readFile(copy)).toEqual(before)
})
