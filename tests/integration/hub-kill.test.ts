import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { openSqliteHubStore } from '../../relay/hub/books/sqlite-hub-store.ts'
import type { Hex } from '../../src/domain/bytes.ts'
import { withSpread } from '../../src/domain/hub.ts'
import { verifyVoucher } from '../../src/ledger/verify-voucher.ts'
import { type BookedChannel, type BookedJob, type HubBooks, readHubBooks } from '../fixtures/hub-books.ts'
import { type HubLoad, type PaidJob, createHubLoad } from '../fixtures/hub-load.ts'
import { HubProcess, buildHubProgram } from '../fixtures/hub-process.ts'
import { addParties, hubPayee, hubPayer, spreadMillionths } from '../fixtures/hub-world.ts'
import { network } from '../fixtures/jobs.ts'

/** More of them take longer: `OPENTAB_HUB_KILLS=2000`. */
const kills = Number(process.env.OPENTAB_HUB_KILLS ?? 200)
const longestLifeMs = 120
const timeoutMs = 60_000 + kills * 2_000

const payers = [0, 1, 2].map((index) => hubPayer(index))
const payees = [0, 1, 2, 3].map((index) => hubPayee(index))

let directory: string
let program: string

beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), 'opentab-hub-kill-'))
  program = await buildHubProgram(directory)
})

afterAll(() => rm(directory, { recursive: true }))

test(
  `a hub that is killed ${kills} times under load loses nothing and pays nothing twice`,
  { timeout: timeoutMs },
  async () => {
    const path = join(directory, 'hub.sqlite')
    const load = createHubLoad(payers, payees, Math.random)
    const books = openSqliteHubStore(path)
    await addParties(books, [...payers, ...payees])
    await books.close()

    let interrupted = 0
    for (let kill = 0; kill < kills; kill++) {
      const hub = new HubProcess(program, path)
      const pressing = load.press(hub)
      // One in eight dies while it starts.
      if (kill % 8 > 0) await hub.ready
      await sleep(Math.random() * longestLifeMs)
      await hub.kill()
      await pressing
      interrupted += load.jobs.filter(({ asked, acknowledged }) => asked > acknowledged).length
      const left = await readHubBooks(path, join(directory, 'copy.sqlite'))
      expectAgreement(left, load)
      await expectSigned(left)
      for (const [channelId, fee] of load.fees) fee.acknowledged = fee.asked = feesOf(left, channelId)
    }
    expect(interrupted).toBeGreaterThan(kills)

    const hub = new HubProcess(program, path)
    await load.finish(hub)
    await hub.stop()
    const left = await readHubBooks(path, join(directory, 'copy.sqlite'))
    expectAgreement(left, load)
    for (const job of left.jobs) expect(job.charge).toBe(load.jobs[Number(job.jobId) - 1]?.asked)
  },
)

test(
  'a hub that is killed while it makes its books finds them good or makes them again',
  { timeout: timeoutMs },
  async () => {
    for (let kill = 0; kill < 20; kill++) {
      const path = join(directory, `fresh-${kill}.sqlite`)
      const hub = new HubProcess(program, path)
      if (kill % 4 === 0) await hub.ready
      else await sleep(Math.random() * 60)
      await hub.kill()
      const store = openSqliteHubStore(path)
      await addParties(store, payers)
      expect(await store.channels('receiver')).toHaveLength(payers.length)
      await store.close()
    }
  },
)

/** What a hub left on disk against what everybody around it knows. */
function expectAgreement(books: HubBooks, load: HubLoad): void {
  const kept = new Map(books.jobs.map((job) => [job.jobId, job.charge]))
  const chargeOf = ({ record }: PaidJob) => kept.get(record.jobId) ?? 0n
  const forgotten = load.jobs.filter(({ record, isOpen }) => isOpen && !kept.has(record.jobId))
  expect(forgotten, 'a job that was opened is known').toEqual([])
  const lost = load.jobs.filter((job) => chargeOf(job) < job.acknowledged)
  expect(lost, 'what was acknowledged is kept').toEqual([])
  const torn = load.jobs.filter((job) => ![job.asked, job.acknowledged].includes(chargeOf(job)))
  expect(torn, 'a payment is kept whole, once, or not at all').toEqual([])
  for (const channel of books.channels) {
    if (channel.side === 'payer') expectPayee(channel, books, load)
    else expectPayer(channel, books, load)
  }
  expect(books.totals).toEqual({
    jobs: books.jobs.length,
    volume: sum(books.jobs, ({ charge }) => charge),
    spread: sum(books.jobs, (job) => spentOn(job) - job.charge),
    fees: sum(books.fees, ({ fee }) => fee),
    promised: sum(books.channels, ({ side, promised }) => (side === 'payer' ? promised : 0n)),
  })
}

function expectPayee({ channelId, promised }: BookedChannel, { jobs }: HubBooks, load: HubLoad): void {
  const charged = sum(
    jobs.filter(({ payee }) => payee === channelId),
    ({ charge }) => charge,
  )
  expect(promised, 'the voucher to a provider is what its jobs were charged').toBe(charged)
  expect(promised >= load.handed.get(channelId)!, 'no provider holds more than is kept').toBe(true)
}

function expectPayer(
  { channelId, promised, attributed }: BookedChannel,
  books: HubBooks,
  load: HubLoad,
): void {
  const jobs = books.jobs.filter(({ payer }) => payer === channelId)
  const fees = feesOf(books, channelId)
  expect(attributed, 'what is used up is what jobs and fees took').toBe(sum(jobs, spentOn) + fees)
  expect(attributed <= promised, 'the payer has promised all of it').toBe(true)
  const { asked, acknowledged } = load.fees.get(channelId)!
  expect([asked, acknowledged], 'a fee is kept once or not at all').toContain(fees)
}

const spentOn = ({ charge }: BookedJob) => withSpread(charge, { spreadMillionths })

/** Both legs are worth their money on the chain: each voucher is signed by who pays it. */
async function expectSigned(books: HubBooks): Promise<void> {
  const configs = new Map([...payers, ...payees].map(({ channel }) => [channel.channelId, channel.config]))
  for (const { channelId, promised, signature } of books.channels) {
    if (signature === null) continue
    const { payerAuthorizer } = configs.get(channelId)!
    const voucher = { channelId, maxClaimableAmount: promised, signature }
    await verifyVoucher(voucher, { channelId, payerAuthorizer }, network)
  }
}

function feesOf(books: HubBooks, channelId: Hex): bigint {
  return sum(
    books.fees.filter(({ payer }) => payer === channelId),
    ({ fee }) => fee,
  )
}

function sum<item>(items: readonly item[], amount: (item: item) => bigint): bigint {
  return items.reduce((total, item) => total + amount(item), 0n)
}
