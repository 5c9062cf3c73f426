import type { Hex } from '../../domain/bytes.ts'
import type { Offer } from '../../domain/offer.ts'
import { type MicroUsd, type TokenCount, chargeMicroUsd } from '../../domain/price.ts'
import { type PeerError, toPeerError } from '../../errors/index.ts'
import type { FrameStream } from '../../ports/index.ts'
import { type JobStream, expectFrame, providerEnd } from '../common/frames.ts'
import { withinOrNull } from '../common/within.ts'
import {
  type AdmitDeps,
  type AdmittedJob,
  type OfferedJob,
  admitJob,
  ownerOf,
  screenJob,
} from './admit-job.ts'
import { hubOnDay } from './debts.ts'
import { refuse } from './refuse.ts'
import { type ServeDeps, serveJob } from './serve-job.ts'
import type { ServedJob } from './served-jobs.ts'

/** A job under way. */
export type LiveJob = { jobId: Hex; startedAtMs: number; tokens: TokenCount; chargeMicroUsd: MicroUsd }

/** What jobs are admitted and served with. */
export type JobDeskDeps = ServeDeps & Omit<AdmitDeps, 'text'>

/** What a desk tells its owner. */
export type JobDeskEvents = {
  /** Jobs live now; called on every change. */
  onJobs: (jobs: LiveJob[]) => void
  onServed: () => void
  /** Called with each payment's rise, also for jobs that are over. */
  onPaid: (riseMicroUsd: MicroUsd) => void
}

/** Takes jobs as they come in, at most as many at once as there are slots, and never all of them of one who pays. */
export interface JobDesk {
  readonly liveJobs: number
  answer(stream: FrameStream): Promise<void>
}

const firstFrameTimeoutMs = 10_000
/** How long a job waits for the last payment of the one before it on its channel. */
const lastPaymentMs = 2_000

const refused: PeerError = { code: 'market/job-refused', shortMessage: 'This tab could not take the job.' }

type Entry = {
  shown: LiveJob
  channelId: Hex
  /** Who pays. */
  owner: string
  /** Set when the answer is over and its last payment is on its way. */
  isAnswered: boolean
  over: PromiseWithResolvers<void>
}

/** Opens the desk. Aborting `signal` ends every live job with a receipt. */
export function createJobDesk(
  offer: () => Offer,
  deps: JobDeskDeps,
  events: JobDeskEvents,
  signal: AbortSignal,
): JobDesk {
  const live = new Map<Hex, Entry>()
  const show = () => events.onJobs([...live.values()].map(({ shown }) => shown))
  const onChannel = (channelId: Hex) => [...live.values()].filter((entry) => entry.channelId === channelId)

  /** The last free slot is for somebody who has none: nobody takes all there are. */
  const isFullFor = (owner: string, slots: number) => {
    const isLast = slots > 1 && live.size === slots - 1
    return (
      live.size >= slots ||
      (isLast && [...live.values()].some((each) => each.owner === owner && !each.isAnswered))
    )
  }

  const takeSlot = ({ terms: { jobId, channelId }, channel }: OfferedJob, slots: number): Entry => {
    const owner = ownerOf(channel)
    if (live.has(jobId)) refuse('served-before')
    if (isFullFor(owner, slots)) refuse('provider-full')
    const tokens = { promptTokens: 0, completionTokens: 0 }
    const shown = { jobId, startedAtMs: deps.clock.nowMs(), tokens, chargeMicroUsd: 0n }
    const entry: Entry = { shown, channelId, owner, isAnswered: false, over: Promise.withResolvers() }
    live.set(jobId, entry)
    show()
    return entry
  }

  const freeSlot = (entry: Entry) => {
    live.delete(entry.shown.jobId)
    entry.over.resolve()
    show()
  }

  /** Waits while the only other answers of a channel are over but for their last payment. */
  const lastPayments = async (earlier: Entry[]) => {
    if (earlier.length === 0 || earlier.some(({ isAnswered }) => !isAnswered)) return
    await withinOrNull(lastPaymentMs, Promise.all(earlier.map(({ over }) => over.promise)), deps.clock)
  }

  const admitting = (): AdmitDeps => ({ ...deps, text: deps.engine.text })

  type Taken = { job: AdmittedJob; entry: Entry }
  const take = async (offered: OfferedJob, current: Offer): Promise<Taken> => {
    const { channelId } = offered.terms
    const screened = await screenJob(offered, current, admitting())
    const earlier = onChannel(channelId)
    const entry = takeSlot(offered, current.slots)
    try {
      await lastPayments(earlier)
      const running = onChannel(channelId).length - 1
      const job = await admitJob(screened, current, running, admitting())
      return { job, entry }
    } catch (error) {
      freeSlot(entry)
      throw error
    }
  }

  /** Keeps what a job was charged and paid, now that it is over and whenever more is paid. */
  const book = async (
    kept: ServedJob,
    { terms: { channelId }, funds, payments }: AdmittedJob,
    due: MicroUsd,
  ) => {
    const debtors = funds.hub ? [channelId, hubOnDay(funds.channelId, kept.atMs)] : [channelId]
    let booked = 0n
    const bookPaid = async (chargedMicroUsd: MicroUsd) => {
      const paidMicroUsd = payments.paidMicroUsd()
      const rise = paidMicroUsd - booked
      booked = paidMicroUsd
      for (const debtor of debtors) await deps.debts.add(debtor, { chargedMicroUsd, paidMicroUsd: rise })
      await deps.served.keep({ ...kept, paidMicroUsd, promisedMicroUsd: await funds.promisedMicroUsd() })
    }
    payments.watchPaid(() => void bookPaid(0n).catch(() => {}))
    await bookPaid(due)
  }

  const serve = async (end: JobStream, { job, entry }: Taken, current: Offer) => {
    const { payments } = job
    let paid = 0n
    payments.watchPaid(() => {
      events.onPaid(payments.paidMicroUsd() - paid)
      paid = payments.paidMicroUsd()
    })
    const { kept, isOurFault } = await serveJob(end, job, current, deps, {
      signal,
      onTokens(tokens) {
        entry.shown = { ...entry.shown, tokens, chargeMicroUsd: chargeMicroUsd(tokens, job.terms.price) }
        show()
      },
      onAnswered: () => (entry.isAnswered = true),
    })
    // Nobody owes us for an answer that we broke off.
    await book(kept, job, isOurFault ? payments.paidMicroUsd() : kept.receipt.receipt.chargeMicroUsd)
    events.onServed()
  }

  return {
    get liveJobs() {
      return live.size
    },
    async answer(stream) {
      const end = providerEnd(stream, deps.clock)
      const frame = expectFrame(await end.read(firstFrameTimeoutMs), 'job')
      const current = offer()
      let taken: Taken
      try {
        taken = await take(frame, current)
      } catch (error) {
        await end.write({ type: 'refused', error: toPeerError(error, refused) })
        return end.close()
      }
      try {
        await serve(end, taken, current)
      } finally {
        freeSlot(taken.entry)
      }
    },
  }
}
