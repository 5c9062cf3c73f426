import type { PeerId } from '../../domain/bytes.ts'
import type { Voucher } from '../../domain/channel.ts'
import type { MicroUsd } from '../../domain/price.ts'
import { BaseError, HubError, ProtocolError, TransportError } from '../../errors/index.ts'
import type { Clock, Transport } from '../../ports/index.ts'
import { parseFrame } from '../../protocol/frame-codec.ts'
import { type HubPayReply, type HubPayRequest, hubPayReplySchema } from '../../protocol/hub-messages.ts'
import { hubPayProtocol } from '../../protocol/protocols.ts'
import { type MessageStream, expectFrame, messageStream } from '../common/frames.ts'
import { hubRefusal } from '../hub/hub-refusal.ts'

/** The hub may have to fund its channel to the provider first. */
const openTimeoutMs = 60_000
const silenceMs = 10 * 60_000
const closeGraceMs = 2_000
const firstRetryMs = 200
const longestRetryMs = 5_000

/** What opens a line, on each new one again. */
export type OpenFrame = Extract<HubPayRequest, { type: 'open' }>
/** What the hub says when it has opened one. */
export type Opened = Extract<HubPayReply, { type: 'opened' }>
/** What the job has been charged in all, and the voucher that covers it. */
export type LinePayment = { chargeMicroUsd: MicroUsd; voucher: Voucher }

/** How a line is opened, and what tells when to try again. */
export type PayLineDeps = { transport: Transport; clock: Clock }

/** What a line tells its job. */
export type PayLineEvents = {
  /** A line that broke is open again; what this returns is paid at once. `refusal` is why the hub ended the last. */
  onReopened: (opened: Opened, refusal: HubError | null) => Promise<LinePayment | null>
  /** Kept by the hub and handed on. */
  onPaid: (chargeMicroUsd: MicroUsd) => void
  /** No line will be opened any more. */
  onFailed: (error: Error) => void
}

type HubEnd = MessageStream<HubPayReply, HubPayRequest>

/** A job's line to the hub that pays for it. It is opened again whenever it breaks, until it is closed. */
export class PayLine {
  #end: HubEnd | null = null
  readonly #over = new AbortController()
  readonly #peerId: PeerId
  readonly #open: OpenFrame
  readonly #deps: PayLineDeps
  readonly #events: PayLineEvents

  constructor(peerId: PeerId, open: OpenFrame, deps: PayLineDeps, events: PayLineEvents) {
    this.#peerId = peerId
    this.#open = open
    this.#deps = deps
    this.#events = events
  }

  /**
   * Opens the line for the first time.
   * @throws HubError `hub/unreachable`, or why the hub refuses
   */
  async open(): Promise<Opened> {
    const { end, opened } = await this.#connect()
    this.#end = end
    void this.#follow(end)
    return opened
  }

  /** Sends a payment where there is a line; one that opens again asks for it. */
  send(payment: LinePayment): void {
    // A write that fails breaks the line, which its reader sees.
    this.#end?.write({ type: 'pay', ...payment }).catch(() => {})
  }

  /** Tells the hub that the job is over. */
  close(): void {
    if (this.#over.signal.aborted) return
    this.#over.abort()
    const end = this.#end
    this.#end = null
    if (!end) return
    void end.close().catch(() => {})
    const closed = new TransportError('transport/closed', 'The job is over.')
    void this.#deps.clock.sleep(closeGraceMs).then(() => end.abort(closed))
  }

  async #connect(): Promise<{ end: HubEnd; opened: Opened }> {
    const { transport, clock } = this.#deps
    const stream = await transport.open(this.#peerId, hubPayProtocol).catch((cause: unknown) => {
      throw unreachable(cause)
    })
    const end: HubEnd = messageStream(stream, (frame) => parseFrame(hubPayReplySchema, frame), clock)
    try {
      await end.write(this.#open)
      const reply = expectFrame(await end.read(openTimeoutMs), 'opened', 'refused')
      if (reply.type === 'refused') throw hubRefusal(reply.error)
      return { end, opened: reply }
    } catch (error) {
      end.abort(error instanceof Error ? error : new Error(String(error)))
      throw error instanceof HubError || error instanceof ProtocolError ? error : unreachable(error)
    }
  }

  /** Reads a line until it breaks, then opens the next. */
  async #follow(first: HubEnd): Promise<void> {
    let end: HubEnd | null = first
    while (end) {
      const refusal: Error | null = await this.#readUntilBroken(end)
      this.#end = null
      if (this.#over.signal.aborted) return
      end.abort(new TransportError('transport/closed', 'The line broke.'))
      end = await this.#reopen(refusal)
    }
  }

  /** Returns the hub's refusal, or a breach of protocol; null when the line merely broke. */
  async #readUntilBroken(end: HubEnd): Promise<Error | null> {
    try {
      for (;;) {
        const reply = await end.read(silenceMs, this.#over.signal)
        if (reply === null) return null
        if (reply.type === 'refused') return hubRefusal(reply.error)
        this.#events.onPaid(expectFrame(reply, 'paid').chargeMicroUsd)
      }
    } catch (error) {
      return error instanceof ProtocolError ? error : null
    }
  }

  async #reopen(refusal: Error | null): Promise<HubEnd | null> {
    let last = refusal
    for (let waitMs = firstRetryMs; ; waitMs = Math.min(waitMs * 2, longestRetryMs)) {
      if (last !== null && !mayPass(last)) {
        this.#events.onFailed(last)
        return null
      }
      await this.#deps.clock.sleep(waitMs, this.#over.signal).catch(() => {})
      if (this.#over.signal.aborted) return null
      try {
        return await this.#resume(refusal)
      } catch (error) {
        if (this.#over.signal.aborted) return null
        last = error instanceof Error ? error : new Error(String(error))
      }
    }
  }

  async #resume(refusal: Error | null): Promise<HubEnd> {
    const { end, opened } = await this.#connect()
    try {
      const payment = await this.#events.onReopened(opened, refusal instanceof HubError ? refusal : null)
      this.#over.signal.throwIfAborted()
      this.#end = end
      if (payment) this.send(payment)
      return end
    } catch (error) {
      end.abort(new TransportError('transport/closed', 'The job is over.'))
      throw error
    }
  }
}

/** A voucher that did not cover its payment can be made up for; else only what the hub itself says may pass. */
function mayPass(error: Error): boolean {
  return error instanceof BaseError && (error.retryable || error.details === 'ledger/unattributed')
}

const unreachable = (cause: unknown) =>
  new HubError('hub/unreachable', 'The hub cannot be reached.', { cause })
