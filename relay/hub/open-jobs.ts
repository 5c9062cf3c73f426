import type { Hex } from '../../src/domain/bytes.ts'
import type { Voucher } from '../../src/domain/channel.ts'
import { withSpread } from '../../src/domain/hub.ts'
import type { MicroUsd } from '../../src/domain/price.ts'
import { HubError, TransportError } from '../../src/errors/index.ts'
import type { Clock, FrameStream } from '../../src/ports/index.ts'
import type { HubJobRecord } from './books/hub-store.ts'

/** How long a job whose line broke keeps its money reserved, in milliseconds. */
export const graceMs = 30_000
/** Jobs that one channel may pay for at a time. */
export const jobsPerChannel = 64

/** A job that is being paid, or was a moment ago. */
export type OpenJob = {
  readonly record: HubJobRecord
  /** What the job has been charged in all, and the hub's voucher that paid it last. */
  readonly chargeMicroUsd: MicroUsd
  readonly voucher: Voucher | null
}

type Held = {
  record: HubJobRecord
  chargeMicroUsd: MicroUsd
  voucher: Voucher | null
  line: FrameStream | null
  /** Over on its requester's own word: nothing more is reserved for it. */
  finished: boolean
  forgetting: AbortController | null
}

/** Jobs that are being paid, and the money that they may still take: in memory, from line to line. */
export class OpenJobs {
  readonly #clock: Clock
  readonly #jobs = new Map<Hex, Held>()
  readonly #frozen = new Set<Hex>()

  constructor(clock: Clock) {
    this.#clock = clock
  }

  /** Jobs with a line now. */
  get size(): number {
    return [...this.#jobs.values()].filter(({ line }) => line !== null).length
  }

  /** What open jobs may still take out of a requester's channel, the spread included. `except` is left out. */
  reservedOf(payerChannelId: Hex, except?: Hex): MicroUsd {
    return this.#sum(
      ({ record }) => record.payerChannelId === payerChannelId && record.jobId !== except,
      ({ record, chargeMicroUsd }) => unpaidWithSpread({ ...record, chargeMicroUsd }),
    )
  }

  /** What open jobs may still take out of the hub's channel to a provider. */
  reservedFor(payeeChannelId: Hex): MicroUsd {
    return this.#sum(
      ({ record }) => record.payeeChannelId === payeeChannelId,
      ({ record, chargeMicroUsd }) => record.ceilingMicroUsd - chargeMicroUsd,
    )
  }

  /** Jobs that are open, or were a moment ago. */
  ids(): Set<Hex> {
    return new Set(this.#jobs.keys())
  }

  /** Channels of requesters that pay for a job now. */
  payerChannels(): Set<Hex> {
    return new Set([...this.#jobs.values()].map(({ record }) => record.payerChannelId))
  }

  /** Jobs that the hub pays on this channel to a provider, or paid a moment ago. */
  jobsOn(payeeChannelId: Hex): OpenJob[] {
    return [...this.#jobs.values()].filter(({ record }) => record.payeeChannelId === payeeChannelId)
  }

  /**
   * Reserves a job's money for as long as its line lives and a grace after. An older line of the same job is cut.
   * `voucher` is the hub's highest to the provider, where the job was paid before.
   * @throws HubError `hub/job-refused` when the channel pays for too much at once, or is being refunded
   */
  hold(record: HubJobRecord, voucher: Voucher | null, line: FrameStream): OpenJob {
    const { jobId, payerChannelId } = record
    if (this.#frozen.has(payerChannelId)) throw refusedNow('This channel is being paid back.')
    const known = this.#jobs.get(jobId)
    const onChannel = [...this.#jobs.values()].filter((job) => isReserving(job, payerChannelId, jobId))
    if (onChannel.length >= jobsPerChannel) throw refusedNow('This channel pays for too many jobs at once.')
    known?.forgetting?.abort()
    known?.line?.abort(new TransportError('transport/closed', 'Replaced by a newer line.'))
    // A payment that the older line sent may have been kept since the record was read.
    const isBehind = known !== undefined && known.chargeMicroUsd > record.chargeMicroUsd
    const { chargeMicroUsd } = isBehind ? known : record
    const job = {
      record,
      chargeMicroUsd,
      voucher: known?.voucher ?? voucher,
      line,
      finished: false,
      forgetting: null,
    }
    this.#jobs.set(jobId, job)
    return job
  }

  /** Notes what a job has been charged in all, and the voucher that pays it. */
  charge(jobId: Hex, chargeMicroUsd: MicroUsd, voucher: Voucher): void {
    const job = this.#jobs.get(jobId)
    if (!job || chargeMicroUsd < job.chargeMicroUsd) return
    job.chargeMicroUsd = chargeMicroUsd
    job.voucher = voucher
  }

  /** A line is gone; a finished job's money is free at once, a broken one's after the grace. */
  release(jobId: Hex, line: FrameStream, finished: boolean): void {
    const job = this.#jobs.get(jobId)
    if (job?.line !== line) return
    job.line = null
    job.finished = finished
    job.forgetting = new AbortController()
    this.#clock.sleep(graceMs, job.forgetting.signal).then(
      () => this.#jobs.delete(jobId),
      () => {},
    )
  }

  /** Takes a job back that never opened. */
  drop(jobId: Hex, line: FrameStream): void {
    if (this.#jobs.get(jobId)?.line === line) this.#jobs.delete(jobId)
  }

  /**
   * Keeps new jobs off a channel while it is paid back. Returns a function that lets them on again.
   * @throws HubError `hub/job-refused` while a job is open on it
   */
  freeze(payerChannelId: Hex): () => void {
    const isBusy = this.#frozen.has(payerChannelId) || this.reservedOf(payerChannelId) > 0n
    if (isBusy) throw refusedNow('This channel is paying for an answer now.')
    this.#frozen.add(payerChannelId)
    return () => this.#frozen.delete(payerChannelId)
  }

  /** Forgets all jobs. */
  clear(): void {
    for (const { forgetting } of this.#jobs.values()) forgetting?.abort()
    this.#jobs.clear()
  }

  #sum(matches: (job: Held) => boolean, amount: (job: Held) => MicroUsd): MicroUsd {
    let total = 0n
    for (const job of this.#jobs.values()) if (!job.finished && matches(job)) total += amount(job)
    return total
  }
}

/** Returns what a job may still take out of its requester's channel, the spread included. */
export function unpaidWithSpread({
  ceilingMicroUsd,
  chargeMicroUsd,
  spreadMillionths,
}: Pick<HubJobRecord, 'ceilingMicroUsd' | 'chargeMicroUsd' | 'spreadMillionths'>): MicroUsd {
  const hub = { spreadMillionths }
  return withSpread(ceilingMicroUsd, hub) - withSpread(chargeMicroUsd, hub)
}

function isReserving({ record, finished }: Held, payerChannelId: Hex, except: Hex): boolean {
  return !finished && record.payerChannelId === payerChannelId && record.jobId !== except
}

function refusedNow(shortMessage: string): HubError {
  return new HubError('hub/job-refused', shortMessage, { retryable: true })
}
