import { type Address, type Hex, sameAddress } from '../../../src/domain/bytes.ts'
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

/** Keeps a hub's books as long as the process lives. */
export class MemoryHubStore implements HubStore {
  readonly #channels = { payer: new Map<Hex, ChannelRecord>(), receiver: new Map<Hex, ChannelRecord>() }
  readonly #attributed = new Map<Hex, MicroUsd>()
  readonly #jobs = new Map<Hex, HubJobRecord>()
  readonly #refunds = new Map<Hex, RefundRecord>()
  readonly #paidDeposits = new Map<Hex, number>()
  readonly #claimedAtMs = new Map<Hex, number>()
  readonly #totals = { jobs: 0, volumeMicroUsd: 0n, spreadMicroUsd: 0n, feesMicroUsd: 0n }
  readonly #kept: KeptAccounts = {
    job: (jobId) => this.#jobs.get(jobId) ?? null,
    payer: (channelId) => this.#payer(channelId),
    payee: (channelId) => this.#channels.payer.get(channelId) ?? null,
  }

  async addChannel(record: ChannelRecord): Promise<void> {
    const { side, channelId, claimedMicroUsd } = record
    if (this.#channels[side].has(channelId)) return
    this.#put(structuredClone(record))
    if (side === 'receiver') this.#attributed.set(channelId, claimedMicroUsd)
  }

  async channel(channelId: Hex, side: Side): Promise<ChannelRecord | null> {
    return structuredClone(this.#channels[side].get(channelId) ?? null)
  }

  async channels(side: Side): Promise<ChannelRecord[]> {
    return structuredClone([...this.#channels[side].values()])
  }

  async raiseVoucher(side: Side, voucher: Voucher): Promise<Raise> {
    const { record, raise } = raiseVoucher(this.#known(side, voucher.channelId), structuredClone(voucher))
    this.#put(record)
    return structuredClone(raise)
  }

  async raiseVoucherFrom(side: Side, voucher: Voucher, fromMicroUsd: MicroUsd): Promise<boolean> {
    const known = this.#known(side, voucher.channelId)
    const raised = raiseVoucherFrom(known, structuredClone(voucher), fromMicroUsd)
    if (raised) this.#put(raised)
    return raised !== null
  }

  async raiseClaimed(channelId: Hex, claimedMicroUsd: MicroUsd, atMs?: number): Promise<void> {
    this.#putPayer(bookClaimed(knownPayer(channelId, this.#kept), claimedMicroUsd))
    if (atMs !== undefined) this.#claimedAtMs.set(channelId, atMs)
  }

  async channelsTo(provider: Address): Promise<ChannelRecord[]> {
    const channels = await this.channels('payer')
    return channels.filter(({ config }) => sameAddress(config.receiverAuthorizer, provider))
  }

  async promises(): Promise<{ channelId: Hex; promisedMicroUsd: MicroUsd }[]> {
    const channels = [...this.#channels.payer.values()]
    return channels.map(({ channelId, voucher }) => ({ channelId, promisedMicroUsd: promisedBy(voucher) }))
  }

  async unclaimed(): Promise<EarnedRecord[]> {
    return this.#earned().filter(
      ({ attributedMicroUsd, claimedMicroUsd }) => attributedMicroUsd > claimedMicroUsd,
    )
  }

  async claimedSince(sinceMs: number): Promise<Pick<EarnedRecord, 'channelId' | 'claimedMicroUsd'>[]> {
    return this.#earned()
      .filter(({ channelId }) => (this.#claimedAtMs.get(channelId) ?? Number.NEGATIVE_INFINITY) >= sinceMs)
      .map(({ channelId, claimedMicroUsd }) => ({ channelId, claimedMicroUsd }))
  }

  async addJob(job: HubJobRecord): Promise<void> {
    if (this.#jobs.has(job.jobId)) return
    this.#jobs.set(job.jobId, structuredClone(job))
    this.#totals.jobs += 1
  }

  async job(jobId: Hex): Promise<HubJobRecord | null> {
    return structuredClone(this.#jobs.get(jobId) ?? null)
  }

  async forward(forwardings: readonly Forwarding[]): Promise<void> {
    const booked = bookForwardings(structuredClone(forwardings), this.#kept)
    for (const job of booked.jobs) this.#jobs.set(job.jobId, job)
    for (const payer of booked.payers) this.#putPayer(payer)
    for (const payee of booked.payees) this.#put(payee)
    this.#totals.volumeMicroUsd += booked.volumeMicroUsd
    this.#totals.spreadMicroUsd += booked.spreadMicroUsd
  }

  async addFee({ channelId, feeMicroUsd, atMs, deposit }: FeeRecord, incoming: Voucher): Promise<void> {
    this.#putPayer(bookIncoming(knownPayer(channelId, this.#kept), structuredClone(incoming), feeMicroUsd))
    this.#totals.feesMicroUsd += feeMicroUsd
    if (deposit) this.#paidDeposits.set(deposit, atMs)
  }

  async hasFeeFor(deposit: Hex): Promise<boolean> {
    return this.#paidDeposits.has(deposit)
  }

  async beginRefund(refund: RefundRecord): Promise<void> {
    if (!this.#refunds.has(refund.channelId)) this.#refunds.set(refund.channelId, structuredClone(refund))
  }

  async refund(channelId: Hex): Promise<RefundRecord | null> {
    return structuredClone(this.#refunds.get(channelId) ?? null)
  }

  async refunds(): Promise<RefundRecord[]> {
    return structuredClone([...this.#refunds.values()])
  }

  async endRefund(channelId: Hex, end: 'done' | 'dropped'): Promise<void> {
    const refund = this.#refunds.get(channelId)
    if (refund && end === 'done') {
      this.#claimedAtMs.set(channelId, refund.sinceMs)
      this.#putPayer(bookRefund(knownPayer(channelId, this.#kept), refund))
      this.#totals.feesMicroUsd += refund.feeMicroUsd
    }
    this.#refunds.delete(channelId)
  }

  async attributed(payerChannelId: Hex): Promise<MicroUsd> {
    return this.#attributed.get(payerChannelId) ?? 0n
  }

  async totals(): Promise<HubTotals> {
    const promises = await this.promises()
    return {
      ...this.#totals,
      promisedMicroUsd: sum(promises.map(({ promisedMicroUsd }) => promisedMicroUsd)),
      claimedMicroUsd: sum(this.#earned().map(({ claimedMicroUsd }) => claimedMicroUsd)),
    }
  }

  async prune({ unpaidBeforeMs, allBeforeMs, openJobs }: PruneLimits): Promise<boolean> {
    for (const { jobId, chargeMicroUsd, openedAtMs } of this.#jobs.values()) {
      const isOld = openedAtMs < allBeforeMs || (chargeMicroUsd === 0n && openedAtMs < unpaidBeforeMs)
      if (isOld && !openJobs.has(jobId)) this.#jobs.delete(jobId)
    }
    for (const [deposit, atMs] of this.#paidDeposits) {
      if (atMs < allBeforeMs) this.#paidDeposits.delete(deposit)
    }
    return false
  }

  async close(): Promise<void> {}

  #earned(): EarnedRecord[] {
    return [...this.#channels.receiver.values()].map(({ channelId, claimedMicroUsd }) => ({
      channelId,
      claimedMicroUsd,
      attributedMicroUsd: this.#attributed.get(channelId) ?? 0n,
    }))
  }

  #put(record: ChannelRecord): void {
    this.#channels[record.side].set(record.channelId, record)
  }

  #putPayer({ record, attributedMicroUsd }: PayerAccount): void {
    this.#put(record)
    this.#attributed.set(record.channelId, attributedMicroUsd)
  }

  #payer(channelId: Hex): PayerAccount | null {
    const record = this.#channels.receiver.get(channelId)
    return record ? { record, attributedMicroUsd: this.#attributed.get(channelId) ?? 0n } : null
  }

  #known(side: Side, channelId: Hex): ChannelRecord {
    const record = this.#channels[side].get(channelId)
    if (!record) throw unknownChannel(channelId)
    return record
  }
}

function sum(amounts: MicroUsd[]): MicroUsd {
  return amounts.reduce((total, amount) => total + amount, 0n)
}
