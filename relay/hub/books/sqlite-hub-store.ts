import type { Address, Hex } from '../../../src/domain/bytes.ts'
import { type Voucher, promisedBy } from '../../../src/domain/channel.ts'
import type { MicroUsd } from '../../../src/domain/price.ts'
import type { ChannelRecord, Raise } from '../../../src/ports/voucher-store.ts'
import { raiseVoucher, raiseVoucherFrom, unknownChannel } from '../../../src/storage/raise-channel.ts'
import {
  bookClaimed,
  bookForwardings,
  bookIncoming,
  bookRefund,
  type KeptAccounts,
  knownPayer,
  type PayerAccount,
} from './book-forwardings.ts'
import { HubDatabase, type HubDatabaseOptions } from './hub-database.ts'
import {
  type Row,
  readChannel,
  readClaimed,
  readEarned,
  readJob,
  readPayer,
  readPromise,
  readRefund,
  readTotals,
} from './hub-rows.ts'
import { type HubStatements, prepareStatements } from './hub-statements.ts'
import type {
  EarnedRecord,
  FeeRecord,
  Forwarding,
  HubJobRecord,
  HubStore,
  HubTotals,
  PruneLimits,
  RefundRecord,
} from './hub-store.ts'

type Side = ChannelRecord['side']

/** Rows of each kind that are deleted in one step, so that none takes long. */
const prunedAtOnce = 1_000

/** Books in a file, which can be copied while they are written. */
export type HubBooks = HubStore & {
  /** @throws StorageError */
  copyTo(path: string): Promise<void>
}

/**
 * Opens a hub's books in a SQLite file, made if there is none in its directory. One process has it at a time.
 *
 * @throws StorageError `storage/unavailable` when another relay has it open or it cannot be written,
 *   `storage/corrupt` when it is damaged, `storage/quota` when the disk is full
 */
export function openSqliteHubStore(path: string, options?: HubDatabaseOptions): HubBooks {
  return new SqliteHubStore(new HubDatabase(path, options))
}

class SqliteHubStore implements HubBooks {
  readonly #database: HubDatabase
  readonly #statements: HubStatements
  readonly #kept: KeptAccounts

  constructor(database: HubDatabase) {
    this.#database = database
    this.#statements = database.read(() => prepareStatements(database.sqlite))
    const { job, channel } = this.#statements
    this.#kept = {
      job: (jobId) => read(job.get(jobId), readJob),
      payer: (channelId) => read(channel.get('receiver', channelId), readPayer),
      payee: (channelId) => read(channel.get('payer', channelId), readChannel),
    }
  }

  async addChannel(record: ChannelRecord): Promise<void> {
    const { side, channelId, config, chainId, settlement, voucher, claimedMicroUsd } = record
    const row = [side, channelId, JSON.stringify(config), chainId, settlement] as const
    const claimed = String(claimedMicroUsd)
    const attributed = side === 'receiver' ? claimed : '0'
    this.#database.write(() => {
      const { changes } = this.#statements.addChannel.run(
        ...row,
        ...voucherColumns(voucher),
        claimed,
        attributed,
      )
      if (changes > 0) this.#addRise(null, record)
    })
  }

  async channel(channelId: Hex, side: Side): Promise<ChannelRecord | null> {
    return this.#database.read(() => this.#channel(side, channelId))
  }

  async channels(side: Side): Promise<ChannelRecord[]> {
    return this.#database.read(() => this.#statements.channels.all(side).map(readChannel))
  }

  async raiseVoucher(side: Side, voucher: Voucher): Promise<Raise> {
    return this.#database.write(() => {
      const { record, raise } = raiseVoucher(this.#known(side, voucher.channelId), voucher)
      this.#put(record)
      return raise
    })
  }

  async raiseVoucherFrom(side: Side, voucher: Voucher, fromMicroUsd: MicroUsd): Promise<boolean> {
    return this.#database.write(() => {
      const raised = raiseVoucherFrom(this.#known(side, voucher.channelId), voucher, fromMicroUsd)
      if (raised) this.#put(raised)
      return raised !== null
    })
  }

  async raiseClaimed(channelId: Hex, claimedMicroUsd: MicroUsd, atMs?: number): Promise<void> {
    this.#database.write(() => {
      this.#putPayer(bookClaimed(knownPayer(channelId, this.#kept), claimedMicroUsd))
      if (atMs !== undefined) this.#statements.setClaimedAt.run(atMs, channelId)
    })
  }

  async channelsTo(provider: Address): Promise<ChannelRecord[]> {
    return this.#database.read(() =>
      this.#statements.payees.all(provider.toLowerCase()).map((row) => readChannel(row)),
    )
  }

  async promises(): Promise<{ channelId: Hex; promisedMicroUsd: MicroUsd }[]> {
    return this.#database.read(() => this.#statements.promises.all().map(readPromise))
  }

  async unclaimed(): Promise<EarnedRecord[]> {
    return this.#database.read(() => this.#statements.unclaimed.all().map(readEarned))
  }

  async claimedSince(sinceMs: number): Promise<Pick<EarnedRecord, 'channelId' | 'claimedMicroUsd'>[]> {
    return this.#database.read(() => this.#statements.claimedSince.all(sinceMs).map(readClaimed))
  }

  async addJob(job: HubJobRecord): Promise<void> {
    const { jobId, payerChannelId, provider, payeeChannelId, spreadMillionths, openedAtMs } = job
    const ids = [jobId, payerChannelId, provider, payeeChannelId] as const
    const [ceiling, charge] = [String(job.ceilingMicroUsd), String(job.chargeMicroUsd)]
    this.#database.write(() => {
      const { changes } = this.#statements.addJob.run(...ids, ceiling, spreadMillionths, charge, openedAtMs)
      if (changes > 0) this.#addToTotals({ jobs: 1 })
    })
  }

  async job(jobId: Hex): Promise<HubJobRecord | null> {
    return this.#database.read(() => this.#kept.job(jobId))
  }

  async forward(forwardings: readonly Forwarding[]): Promise<void> {
    this.#database.write(() => {
      const { jobs, payers, payees, volumeMicroUsd, spreadMicroUsd } = bookForwardings(
        forwardings,
        this.#kept,
      )
      for (const job of jobs) this.#statements.setCharge.run(String(job.chargeMicroUsd), job.jobId)
      for (const payer of payers) this.#writePayer(payer)
      for (const payee of payees) this.#write(payee)
      // What is handed on is what is promised: no channel need be read for the sum of all promises.
      this.#addToTotals({ volumeMicroUsd, spreadMicroUsd, promisedMicroUsd: volumeMicroUsd })
    })
  }

  async addFee({ channelId, feeMicroUsd, atMs, deposit }: FeeRecord, incoming: Voucher): Promise<void> {
    this.#database.write(() => {
      this.#putPayer(bookIncoming(knownPayer(channelId, this.#kept), incoming, feeMicroUsd))
      this.#statements.addFee.run(channelId, String(feeMicroUsd), atMs, deposit ?? null)
      this.#addToTotals({ feesMicroUsd: feeMicroUsd })
    })
  }

  async hasFeeFor(deposit: Hex): Promise<boolean> {
    return this.#database.read(() => this.#statements.feeFor.get(deposit) !== undefined)
  }

  async beginRefund({ channelId, number, sinceMs, ...refund }: RefundRecord): Promise<void> {
    const { totalClaimedMicroUsd, feeMicroUsd, feeVoucher } = refund
    const amounts = [totalClaimedMicroUsd, feeMicroUsd, feeVoucher.maxClaimableAmount].map(String)
    this.#database.write(() => {
      this.#statements.beginRefund.run(channelId, String(number), sinceMs, ...amounts, feeVoucher.signature)
    })
  }

  async refund(channelId: Hex): Promise<RefundRecord | null> {
    return this.#database.read(() => read(this.#statements.refund.get(channelId), readRefund))
  }

  async refunds(): Promise<RefundRecord[]> {
    return this.#database.read(() => this.#statements.refunds.all().map(readRefund))
  }

  async endRefund(channelId: Hex, end: 'done' | 'dropped'): Promise<void> {
    this.#database.write(() => {
      const refund = read(this.#statements.refund.get(channelId), readRefund)
      if (refund && end === 'done') {
        const { feeMicroUsd, sinceMs } = refund
        this.#putPayer(bookRefund(knownPayer(channelId, this.#kept), refund))
        this.#statements.setClaimedAt.run(sinceMs, channelId)
        this.#statements.addFee.run(channelId, String(feeMicroUsd), sinceMs, null)
        this.#addToTotals({ feesMicroUsd: feeMicroUsd })
      }
      this.#statements.endRefund.run(channelId)
    })
  }

  async attributed(payerChannelId: Hex): Promise<MicroUsd> {
    return this.#database.read(() => this.#kept.payer(payerChannelId)?.attributedMicroUsd ?? 0n)
  }

  async totals(): Promise<HubTotals> {
    return this.#database.read(() => readTotals(this.#statements.totals.get()))
  }

  async prune({ unpaidBeforeMs, allBeforeMs, openJobs }: PruneLimits): Promise<boolean> {
    const open = JSON.stringify([...openJobs])
    const { pruneUnpaid, pruneJobs, pruneFees } = this.#statements
    const deleted = this.#database.write(() => [
      pruneUnpaid.run(unpaidBeforeMs, open, prunedAtOnce),
      pruneJobs.run(allBeforeMs, open, prunedAtOnce),
      pruneFees.run(allBeforeMs, prunedAtOnce),
    ])
    return deleted.some(({ changes }) => Number(changes) === prunedAtOnce)
  }

  copyTo(path: string): Promise<void> {
    return this.#database.copyTo(path)
  }

  async close(): Promise<void> {
    this.#database.close()
  }

  #channel(side: Side, channelId: Hex): ChannelRecord | null {
    return read(this.#statements.channel.get(side, channelId), readChannel)
  }

  #known(side: Side, channelId: Hex): ChannelRecord {
    const record = this.#channel(side, channelId)
    if (!record) throw unknownChannel(channelId)
    return record
  }

  #put(record: ChannelRecord): void {
    const before = this.#channel(record.side, record.channelId)
    this.#write(record)
    this.#addRise(before, record)
  }

  #write({ side, channelId, voucher, claimedMicroUsd }: ChannelRecord): void {
    this.#statements.setChannel.run(...voucherColumns(voucher), String(claimedMicroUsd), side, channelId)
  }

  /** Keeps the sums over all channels, so that nobody has to read them all. */
  #addRise(before: ChannelRecord | null, { side, voucher, claimedMicroUsd }: ChannelRecord): void {
    const isPayer = side === 'payer'
    const promised = isPayer ? promisedBy(voucher) - promisedBy(before?.voucher) : 0n
    const claimed = isPayer ? 0n : claimedMicroUsd - (before?.claimedMicroUsd ?? 0n)
    if (promised === 0n && claimed === 0n) return
    this.#addToTotals({ promisedMicroUsd: promised, claimedMicroUsd: claimed })
  }

  #putPayer(payer: PayerAccount): void {
    const before = this.#channel('receiver', payer.record.channelId)
    this.#writePayer(payer)
    this.#addRise(before, payer.record)
  }

  #writePayer({ record, attributedMicroUsd }: PayerAccount): void {
    this.#write(record)
    this.#statements.setAttributed.run(String(attributedMicroUsd), record.channelId)
  }

  #addToTotals(rise: Partial<HubTotals>): void {
    const totals = readTotals(this.#statements.totals.get())
    const sum = (name: Exclude<keyof HubTotals, 'jobs'>) => String(totals[name] + (rise[name] ?? 0n))
    this.#statements.setTotals.run(
      totals.jobs + (rise.jobs ?? 0),
      sum('volumeMicroUsd'),
      sum('spreadMicroUsd'),
      sum('feesMicroUsd'),
      sum('promisedMicroUsd'),
      sum('claimedMicroUsd'),
    )
  }
}

function read<record>(row: Row | undefined, parse: (row: Row) => record): record | null {
  return row ? parse(row) : null
}

function voucherColumns(voucher: Voucher | null): [amount: string | null, signature: Hex | null] {
  return voucher ? [String(voucher.maxClaimableAmount), voucher.signature] : [null, null]
}
