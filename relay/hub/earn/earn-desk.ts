import { type Address, type Hex, sameAddress } from '../../../src/domain/bytes.ts'
import type { Network } from '../../../src/domain/network.ts'
import { LedgerError, ProtocolError } from '../../../src/errors/index.ts'
import { type Payee, verifyPayee } from '../../../src/ledger/sign-hub.ts'
import type { ChannelRecord, Clock, FrameStream, Signer } from '../../../src/ports/index.ts'
import type { StreamHandler } from '../../../src/ports/transport.ts'
import { parseFrame } from '../../../src/protocol/frame-codec.ts'
import { type HubEarnEvent, hubEarnRequestSchema } from '../../../src/protocol/hub-messages.ts'
import { type RelayLog, shortPeerId } from '../../log.ts'
import { readFirst } from '../frame-line.ts'
import type { OpenJob, OpenJobs } from '../open-jobs.ts'
import { PeerThrottle } from '../peer-throttle.ts'
import { refuseLine } from '../refuse-line.ts'
import { EarnLine } from './earn-line.ts'
import type { ProviderChannels } from './provider-channels.ts'
import { ProviderLines, type WhichLine } from './provider-lines.ts'

const firstFrameTimeoutMs = 10_000
/** A registration counts for so long, in seconds. */
const registrationSeconds = 120
const registrations = { burst: 10, perSecond: 0.5, maxWaitMs: 10_000 }
const linesPerPeer = 8

/** What the desk for providers works with. */
export type EarnDeskDeps = {
  network: Network
  signer: Signer
  clock: Clock
  channels: ProviderChannels
  jobs: OpenJobs
  log: RelayLog
}

/** Where providers register and hear of jobs and payments. */
export interface EarnDesk {
  answer: StreamHandler
  /** Lines now. */
  readonly size: number
  /** A provider's newest line, of all or of those asked for, or null while it has none. */
  lineOf(provider: Address, which?: WhichLine): EarnLine | null
  /** Tells all tabs of a provider that are paid through this channel. */
  tell(provider: Address, channelId: Hex, event: HubEarnEvent): void
  /** Cuts all lines. */
  stop(): void
}

/** Opens the desk. */
export function createEarnDesk(deps: EarnDeskDeps): EarnDesk {
  const { network, signer, clock, channels, jobs, log } = deps
  const lines = new ProviderLines()
  const throttle = new PeerThrottle(registrations, linesPerPeer, clock)

  const register = async (stream: FrameStream): Promise<EarnLine> => {
    const frame = parseFrame(hubEarnRequestSchema, await readFirst(stream, firstFrameTimeoutMs, clock))
    const { provider, receiver, salt, signedAtSeconds, heldVoucher } = frame
    const payee = {
      provider,
      receiver,
      salt,
      signedAtSeconds,
      peerId: stream.remotePeer,
      hub: signer.address,
    }
    checkAge(payee, clock)
    await verifyPayee(payee, frame.signature, network)
    checkReceiver(payee, network)
    const channel = await channels.catchUp(await channels.channelFor(payee), heldVoucher)
    return take(channel, provider, stream)
  }

  /** All in one step, so that no payment falls between what is told anew and what is told from now on. */
  const take = (channel: ChannelRecord, provider: Address, stream: FrameStream) => {
    const line = new EarnLine(provider, channel, stream, clock)
    lines.add(line)
    line.send({ type: 'registered', voucher: channel.voucher, channel: channel.config })
    for (const event of jobs.jobsOn(channel.channelId).flatMap(eventsOf)) line.send(event)
    log('hub-provider-registered', { peer: shortPeerId(stream.remotePeer), providers: lines.size })
    return line
  }

  const serve = async (stream: FrameStream): Promise<void> => {
    const line = await register(stream)
    try {
      if ((await stream.read()) === null) return
      throw new ProtocolError('protocol/unexpected-frame', 'A provider registers once on a line.')
    } finally {
      lines.remove(line)
    }
  }

  return {
    answer: (stream) =>
      throttle
        .run(stream.remotePeer, () => serve(stream))
        .catch((error: unknown) => refuseLine(stream, error, { event: 'hub-provider-refused', log, clock })),
    get size() {
      return lines.size
    },
    lineOf: (provider, which) => lines.newest(provider, which),
    tell: (provider, channelId, event) => lines.tell(provider, channelId, event),
    stop: () => lines.clear(),
  }
}

/** Returns what a provider is told of a job: that it comes, and what it was paid. */
export function eventsOf({ record, chargeMicroUsd, voucher }: OpenJob): HubEarnEvent[] {
  const { jobId, payerChannelId: channelId, ceilingMicroUsd } = record
  const events: HubEarnEvent[] = [{ type: 'job', jobId, channelId, ceilingMicroUsd }]
  if (voucher) events.push({ type: 'pay', jobId, chargeMicroUsd, voucher })
  return events
}

function checkAge({ signedAtSeconds }: Payee, clock: Clock): void {
  if (Math.abs(clock.nowMs() / 1000 - signedAtSeconds) <= registrationSeconds) return
  throw new LedgerError('ledger/bad-signature', 'The registration was not signed just now.')
}

/** A provider is paid itself or through the network's bond; the hub pays into nothing else. */
function checkReceiver({ provider, receiver }: Payee, { bond }: Network): void {
  const receivers = bond ? [provider, bond] : [provider]
  if (receivers.some((allowed) => sameAddress(allowed, receiver))) return
  throw new LedgerError('ledger/bad-channel', 'A provider is paid itself or through the bond contract.')
}
