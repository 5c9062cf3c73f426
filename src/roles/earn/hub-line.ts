import type { Hex, PeerId } from '../../domain/bytes.ts'
import type { HubTerms } from '../../domain/hub.ts'
import type { MicroUsd } from '../../domain/price.ts'
import { TransportError } from '../../errors/index.ts'
import { channelIdOf } from '../../ledger/channel-id.ts'
import { signPayee } from '../../ledger/sign-hub.ts'
import type { Clock, FrameStream, Signer, Transport } from '../../ports/index.ts'
import { encodeFrame, parseFrame } from '../../protocol/frame-codec.ts'
import { type HubEarnEvent, hubEarnEventSchema } from '../../protocol/hub-messages.ts'
import { hubEarnProtocol } from '../../protocol/protocols.ts'
import { expectFrame, messageStream } from '../common/frames.ts'
import { createHubClient } from '../hub/hub-client.ts'
import { hubRefusal } from '../hub/hub-refusal.ts'
import { Announcements } from './announcements.ts'
import { type PayeeTerms, checkEarnChannel } from './check-earn-channel.ts'
import { type EarnChannel, type EarnChannelDeps, type Registered, openEarnChannel } from './earn-channel.ts'
import { highestVoucher } from './highest-voucher.ts'

const registrationTimeoutMs = 30_000
const firstRetryMs = 1_000
const longestRetryMs = 60_000
/** A line that held so long is opened again at once when it breaks. */
const steadyMs = 60_000
/** A hub hears of a job before its requester tells us; a line that is being opened anew is waited for. */
const announcementTimeoutMs = 5_000

/** What a line to a hub takes. */
export type HubLineDeps = EarnChannelDeps & { transport: Transport; signer: Signer; clock: Clock }

/** Where a provider's earnings go: to itself, or to a contract that credits it. */
export type EarnReceiver = Pick<PayeeTerms, 'receiver' | 'salt'>

/** A job that a hub pays for, as it announced it. */
export type HubAnnouncement = {
  /** Requester's channel to the hub. */
  channelId: Hex
  /** The most that the hub pays for it. */
  ceilingMicroUsd: MicroUsd
}

/** A provider's line to one hub, opened again and again for as long as it is wanted. */
export class HubLine {
  readonly relay: PeerId
  readonly #deps: HubLineDeps
  readonly #to: EarnReceiver
  readonly #onChange: () => void
  readonly #announcements = new Announcements<HubAnnouncement>()
  #hub: HubTerms | null = null
  #channel: EarnChannel | null = null
  #isUp = false

  /** `onChange` hears whenever the line has come up or gone down. */
  constructor(relay: PeerId, to: EarnReceiver, deps: HubLineDeps, onChange: () => void) {
    this.relay = relay
    this.#to = to
    this.#deps = deps
    this.#onChange = onChange
  }

  /** The hub's terms; null before it was reached for the first time. */
  get hub(): HubTerms | null {
    return this.#hub
  }

  /** The channel that it pays through; null before it has given one. */
  get channel(): EarnChannel | null {
    return this.#channel
  }

  get isUp(): boolean {
    return this.#isUp
  }

  /** Returns how the hub announced a job, after a short wait for it, or null when it did not. */
  announcement(jobId: Hex): Promise<HubAnnouncement | null> {
    return this.#announcements.next(jobId, announcementTimeoutMs, this.#deps.clock)
  }

  /** Opens the line, and opens it again whenever it breaks, until the signal aborts. */
  async keepOpen(signal: AbortSignal): Promise<void> {
    const { clock } = this.#deps
    let retryMs = firstRetryMs
    while (!signal.aborted) {
      const openedAtMs = clock.nowMs()
      // Why it broke is the hub's business, or the network's; what was kept is kept.
      await this.#follow(signal).catch(() => {})
      const wasSteady = clock.nowMs() - openedAtMs >= steadyMs
      await clock.sleep(wasSteady ? firstRetryMs : retryMs, signal).catch(() => {})
      retryMs = wasSteady ? firstRetryMs : Math.min(2 * retryMs, longestRetryMs)
    }
  }

  async #follow(signal: AbortSignal): Promise<void> {
    const { transport, clock, chain } = this.#deps
    const hub = await createHubClient(this.relay, { transport, clock, network: chain.network }).terms()
    const stream = await transport.open(this.relay, hubEarnProtocol, signal)
    const stop = () => stream.abort(new TransportError('transport/closed', 'The provider stops.'))
    signal.addEventListener('abort', stop, { once: true })
    try {
      await this.#open(await this.#register(stream, hub), hub)
      signal.throwIfAborted()
      this.#setUp(true)
      for (let frame = await stream.read(); frame; frame = await stream.read()) {
        await this.#take(parseFrame(hubEarnEventSchema, frame))
      }
    } finally {
      signal.removeEventListener('abort', stop)
      stop()
      this.#setUp(false)
    }
  }

  async #register(stream: FrameStream, hub: HubTerms): Promise<Registered> {
    const { signer, transport, clock, chain } = this.#deps
    const signedAtSeconds = Math.floor(clock.nowMs() / 1000)
    const terms = { provider: signer.address, ...this.#to, signedAtSeconds }
    const payee = { ...terms, peerId: transport.peerId, hub: hub.account }
    const signature = await signPayee(payee, chain.network, signer)
    const heldVoucher = await highestVoucher(hub, terms, this.#deps)
    await stream.write(encodeFrame({ type: 'register', ...terms, signature, heldVoucher }))
    const parse = (frame: Uint8Array) => parseFrame(hubEarnEventSchema, frame)
    const reply = await messageStream<HubEarnEvent, never>(stream, parse, clock).read(registrationTimeoutMs)
    const answer = expectFrame(reply, 'registered', 'refused')
    if (answer.type === 'refused') throw hubRefusal(answer.error)
    return answer
  }

  /** Goes on with the channel that is known, or takes the one that the hub gave. */
  async #open(registered: Registered, hub: HubTerms): Promise<void> {
    const payee = { provider: this.#deps.signer.address, ...this.#to }
    checkEarnChannel(registered.channel, hub, payee)
    const isKnown = this.#channel?.channelId === channelIdOf(registered.channel, hub)
    if (isKnown) await this.#channel?.resume(registered.voucher)
    else this.#channel = await openEarnChannel(registered, this.#deps)
    this.#hub = hub
  }

  async #take(event: HubEarnEvent): Promise<void> {
    const known = expectFrame(event, 'job', 'pay', 'refused')
    if (known.type === 'refused') throw hubRefusal(known.error)
    if (known.type === 'pay') return this.#channel?.pay(known)
    const { jobId, channelId, ceilingMicroUsd } = known
    this.#announcements.add(jobId, { channelId, ceilingMicroUsd })
  }

  #setUp(isUp: boolean): void {
    if (this.#isUp === isUp) return
    this.#isUp = isUp
    this.#onChange()
  }
}
