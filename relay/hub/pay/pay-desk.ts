import { ProtocolError, TransportError } from '../../../src/errors/index.ts'
import type { FrameStream } from '../../../src/ports/index.ts'
import type { StreamHandler } from '../../../src/ports/transport.ts'
import { parseFrame } from '../../../src/protocol/frame-codec.ts'
import {
  type HubPayReply,
  type HubPayRequest,
  hubPayRequestSchema,
} from '../../../src/protocol/hub-messages.ts'
import type { RelayLog } from '../../log.ts'
import { TokenBucket } from '../../token-bucket.ts'
import type { HubJobRecord } from '../books/hub-store.ts'
import { readFirst, readWithin, writeMessage } from '../frame-line.ts'
import { PeerThrottle, pace } from '../peer-throttle.ts'
import { refuseLine } from '../refuse-line.ts'
import type { Forwarder } from './forwarder.ts'
import { type OpenJobDeps, openJob } from './open-job.ts'

const firstFrameTimeoutMs = 10_000
/** A line that pays nothing for so long is cut; its job can be opened again. */
const silenceMs = 10 * 60_000
const openings = { burst: 64, perSecond: 4, maxWaitMs: 10_000 }
const payments = { burst: 64, perSecond: 50, maxWaitMs: 10_000 }
const linesPerPeer = 64
/** Channels can be made up as often as peers can; those that have paid before do not wait for them. */
const strangersOfAll = { burst: 100, perSecond: 20, maxWaitMs: 5_000 }

/** What the desk for requesters works with. */
export type PayDeskDeps = Omit<OpenJobDeps, 'strangers'> & { forwarder: Forwarder; log: RelayLog }

/** Where requesters open jobs and pay for them, one line per job. */
export interface PayDesk {
  answer: StreamHandler
  /** Lines now. */
  readonly size: number
  /** Cuts all lines, and resolves once what they were doing is on disk or given up. */
  stop(): Promise<void>
}

type PayRequest = Extract<HubPayRequest, { type: 'pay' }>

/** Opens the desk. */
export function createPayDesk(deps: PayDeskDeps): PayDesk {
  const { store, clock, jobs, earn, channels, watch, forwarder, log } = deps
  const throttle = new PeerThrottle(openings, linesPerPeer, clock)
  const strangers = new TokenBucket(strangersOfAll, () => clock.nowMs())
  const lines = new Map<FrameStream, Promise<void>>()

  const reply = (line: FrameStream, message: HubPayReply) => writeMessage(line, message, clock)

  const open = async (line: FrameStream): Promise<HubJobRecord> => {
    const frame = parseFrame(hubPayRequestSchema, await readFirst(line, firstFrameTimeoutMs, clock))
    if (frame.type !== 'open') throw outOfTurn()
    return openJob(frame, line, { ...deps, strangers })
  }

  const tellOpened = async (line: FrameStream, { jobId, payerChannelId }: HubJobRecord): Promise<void> => {
    const [channel, attributedMicroUsd, job] = await Promise.all([
      store.channel(payerChannelId, 'receiver'),
      store.attributed(payerChannelId),
      store.job(jobId),
    ])
    const heldVoucher = channel?.voucher ?? null
    const chargeMicroUsd = job?.chargeMicroUsd ?? 0n
    await reply(line, { type: 'opened', heldVoucher, attributedMicroUsd, chargeMicroUsd })
  }

  const forward = async ({ chargeMicroUsd, voucher }: PayRequest, job: HubJobRecord): Promise<void> => {
    const { jobId, payerChannelId, payeeChannelId, provider } = job
    const covered = watch.lastHeard(payerChannelId)?.balance ?? 0n
    // Its payer may have deposited since the chain was last asked.
    if (voucher.channelId === payerChannelId && voucher.maxClaimableAmount > covered) {
      await watch.refresh(payerChannelId)
    }
    const outgoing = await forwarder.forward({ jobId, chargeMicroUsd, voucher })
    jobs.charge(jobId, chargeMicroUsd, outgoing)
    earn.tell(provider, payeeChannelId, { type: 'pay', jobId, chargeMicroUsd, voucher: outgoing })
  }

  /** Takes payments, each only after the one before is on disk, until the requester has finished. */
  const takePayments = async (line: FrameStream, job: HubJobRecord): Promise<void> => {
    const bucket = new TokenBucket(payments, () => clock.nowMs())
    for (;;) {
      const frame = await readWithin(line, silenceMs, clock)
      if (frame === null) return
      await pace(bucket, clock)
      const payment = parseFrame(hubPayRequestSchema, frame)
      if (payment.type !== 'pay') throw outOfTurn()
      await forward(payment, job)
      await reply(line, { type: 'paid', chargeMicroUsd: payment.chargeMicroUsd })
    }
  }

  const serve = async (line: FrameStream): Promise<void> => {
    const job = await open(line)
    let finished = false
    try {
      await tellOpened(line, job)
      await takePayments(line, job)
      finished = true
    } finally {
      jobs.release(job.jobId, line, finished)
      channels.topUp(job.payeeChannelId)
    }
  }

  return {
    async answer(line) {
      const served = throttle
        .run(line.remotePeer, () => serve(line))
        .catch((error: unknown) => refuseLine(line, error, { event: 'hub-payment-refused', log, clock }))
      lines.set(line, served)
      try {
        await served
      } finally {
        lines.delete(line)
      }
    },
    get size() {
      return lines.size
    },
    async stop() {
      const stopping = new TransportError('transport/closed', 'The hub stops.')
      for (const line of lines.keys()) line.abort(stopping)
      await Promise.allSettled(lines.values())
    },
  }
}

function outOfTurn(): ProtocolError {
  return new ProtocolError('protocol/unexpected-frame', 'The line opens one job, then pays for it.')
}
