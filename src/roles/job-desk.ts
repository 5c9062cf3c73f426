import type { Hex } from '../domain/bytes.ts'
import type { Offer } from '../domain/offer.ts'
import { type MicroUsd, type TokenCount, chargeMicroUsd } from '../domain/price.ts'
import { MarketError, type PeerError, toPeerError } from '../errors/index.ts'
import type { FrameStream, VoucherStore } from '../ports/index.ts'
import type { RequesterFrame } from '../protocol/infer-messages.ts'
import { type AdmittedJob, admitJob } from './admit-job.ts'
import { expectFrame, providerEnd } from './frames.ts'
import { type ServeDeps, type Served, serveJob } from './serve-job.ts'

/** A job under way. */
export type LiveJob = { jobId: Hex; startedAtMs: number; tokens: TokenCount; chargeMicroUsd: MicroUsd }

/** What jobs are admitted and served with. */
export type JobDeskDeps = ServeDeps & { vouchers: VoucherStore }

/** What a desk tells its owner. */
export type JobDeskEvents = {
  /** Jobs live now; called on every change. */
  onJobs: (jobs: LiveJob[]) => void
  onServed: (served: Served) => void
}

/** Takes jobs as they come in, at most as many at once as there are slots. */
export interface JobDesk {
  readonly liveJobs: number
  answer(stream: FrameStream): Promise<void>
}

const firstFrameTimeoutMs = 10_000
/** Job ids kept against replays. */
const rememberedJobs = 10_000

const refused: PeerError = { code: 'market/job-refused', shortMessage: 'This tab could not take the job.' }

/** Opens the desk. Aborting `signal` ends every live job with a receipt. */
export function createJobDesk(
  offer: () => Offer,
  deps: JobDeskDeps,
  events: JobDeskEvents,
  signal: AbortSignal,
): JobDesk {
  const live = new Map<Hex, LiveJob>()
  const busyChannels = new Set<Hex>()
  const seen = new Set<Hex>()
  const show = () => events.onJobs([...live.values()])

  const claimSlot = (jobId: Hex, channelId: Hex, slots: number) => {
    if (seen.has(jobId)) throw new MarketError('market/job-refused', 'This job was sent before.')
    if (busyChannels.has(channelId)) {
      throw new MarketError('market/channel-busy', 'This channel is paying for another answer now.')
    }
    if (live.size >= slots) {
      throw new MarketError('market/provider-full', 'This tab is answering as many people as it can.')
    }
    seen.add(jobId)
    for (const oldest of seen) {
      if (seen.size <= rememberedJobs) break
      seen.delete(oldest)
    }
    const tokens = { promptTokens: 0, completionTokens: 0 }
    live.set(jobId, { jobId, startedAtMs: deps.clock.nowMs(), tokens, chargeMicroUsd: 0n })
    busyChannels.add(channelId)
    show()
  }

  const freeSlot = (jobId: Hex, channelId: Hex) => {
    live.delete(jobId)
    busyChannels.delete(channelId)
    show()
  }

  const count = (job: AdmittedJob, tokens: TokenCount) => {
    const { jobId, price } = job.terms
    const entry = live.get(jobId)
    if (entry) live.set(jobId, { ...entry, tokens, chargeMicroUsd: chargeMicroUsd(tokens, price) })
    show()
  }

  type JobFrame = Extract<RequesterFrame, { type: 'job' }>
  const admit = async (frame: JobFrame, current: Offer): Promise<AdmittedJob> => {
    const { jobId, channelId } = frame.terms
    claimSlot(jobId, channelId, current.slots)
    try {
      const { chain, vouchers, engine, clock } = deps
      return await admitJob(frame, current, { chain, vouchers, text: engine.text, clock })
    } catch (error) {
      freeSlot(jobId, channelId)
      throw error
    }
  }

  return {
    get liveJobs() {
      return live.size
    },
    async answer(stream) {
      const end = providerEnd(stream, deps.clock)
      const frame = expectFrame(await end.read(firstFrameTimeoutMs), 'job')
      const current = offer()
      let job: AdmittedJob
      try {
        job = await admit(frame, current)
      } catch (error) {
        await end.write({ type: 'refused', error: toPeerError(error, refused) })
        return end.close()
      }
      try {
        const onTokens = (tokens: TokenCount) => count(job, tokens)
        events.onServed(await serveJob(end, job, current, deps, { signal, onTokens }))
      } finally {
        freeSlot(job.terms.jobId, job.terms.channelId)
      }
    },
  }
}
