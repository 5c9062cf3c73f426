import type { Hex, PeerId } from '../../../src/domain/bytes.ts'
import type { HubTerms } from '../../../src/domain/hub.ts'
import { BaseError, type PeerError, StorageError, toPeerError } from '../../../src/errors/index.ts'
import { channelIdOf } from '../../../src/ledger/channel-id.ts'
import { depositIdOf } from '../../../src/ledger/deposit-id.ts'
import { signHubTerms } from '../../../src/ledger/sign-hub.ts'
import type { FrameStream } from '../../../src/ports/transport.ts'
import { encodeFrame, parseFrame } from '../../../src/protocol/frame-codec.ts'
import {
  type HubDeskReply,
  type HubDeskRequest,
  hubDeskRequestSchema,
} from '../../../src/protocol/hub-messages.ts'
import { hubDeskProtocol } from '../../../src/protocol/protocols.ts'
import { shortPeerId } from '../../log.ts'
import type { HubDeps, HubProtocol } from '../hub-deps.ts'
import { Turns } from '../turns.ts'
import { DeskLimits } from './desk-limits.ts'
import { FeeQuotes } from './fee-quotes.ts'
import { RecentAnswers } from './recent-answers.ts'
import { sendClaim } from './send-claim.ts'
import { sendDeposit } from './send-deposit.ts'
import type { Done, SendDeps, Sponsor } from './send-deps.ts'
import { sendRefund } from './send-refund.ts'
import { sendTransfer } from './send-transfer.ts'

const questionTimeoutMs = 10_000
const tooMany: PeerError = {
  code: 'hub/busy',
  shortMessage: 'Too many questions. Try again in a minute.',
}
const failed: PeerError = { code: 'hub/busy', shortMessage: 'The hub could not do this now.' }

/** What a service desk is made of. */
export type ServiceDeskDeps = Pick<HubDeps, 'chain' | 'signer' | 'store' | 'clock' | 'log'> &
  Pick<SendDeps, 'freeze' | 'onChanged' | 'fees' | 'refunds'> & {
    terms: HubTerms
    /** What a micro-dollar is worth in the chain's native coin, in wei. */
    weiPerMicroUsd: bigint
  }

/** What goes to the chain for somebody. */
type Order = Exclude<HubDeskRequest, { type: 'terms' | 'quote' }>

/** Answers questions to a hub, and sends to the chain what others have signed. */
class ServiceDesk {
  readonly #deps: ServiceDeskDeps
  readonly #quotes: FeeQuotes
  readonly #limits: DeskLimits
  readonly #sent = new RecentAnswers<Done>()
  readonly #turns = new Turns()
  #signedTerms: Promise<Hex> | null = null

  constructor(deps: ServiceDeskDeps) {
    this.#deps = deps
    this.#quotes = new FeeQuotes(deps)
    this.#limits = new DeskLimits({ ...deps, account: deps.terms.account })
  }

  async answer(stream: FrameStream): Promise<void> {
    const peer = stream.remotePeer
    if (!this.#limits.takeQuestion(peer)) {
      const facts = { code: tooMany.code, details: 'protocol/rate-limited', peer: shortPeerId(peer) }
      this.#deps.log('hub-desk-refused', facts)
      return stream.write(encodeFrame({ type: 'refused', error: tooMany }))
    }
    const frame = await stream.read(AbortSignal.timeout(questionTimeoutMs))
    if (frame === null) return
    const request = parseFrame(hubDeskRequestSchema, frame)
    await stream.write(encodeFrame(await this.#replyTo(request, peer)))
  }

  async #replyTo(request: HubDeskRequest, peer: PeerId): Promise<HubDeskReply> {
    try {
      if (request.type === 'terms') return await this.#terms()
      if (request.type === 'quote') {
        return { type: 'quote', ...(await this.#quotes.quote(request.action, request.channels)) }
      }
      return await this.#sent.once(
        keyOf(request, this.#deps.terms),
        () => this.#send(request, peer),
        () => this.#stillHolds(request),
      )
    } catch (error) {
      this.#deps.log('hub-desk-refused', {
        request: request.type,
        ...factsOf(error),
        peer: shortPeerId(peer),
      })
      // Its disk is the hub's own affair.
      return { type: 'refused', error: error instanceof StorageError ? failed : toPeerError(error, failed) }
    }
  }

  async #terms(): Promise<HubDeskReply> {
    const { terms, signer } = this.#deps
    this.#signedTerms ??= signHubTerms(terms, signer)
    return { type: 'terms', terms, signature: await this.#signedTerms }
  }

  async #send(order: Order, peer: PeerId): Promise<Done> {
    this.#limits.takeOrder(peer)
    this.#limits.takeChannels(order.type === 'claim' ? order.claim.claims.length : 1)
    const sponsor: Sponsor = (action, channels, send) =>
      send(() => this.#limits.takeTransaction(action, channels))
    const deps: SendDeps = { ...this.#deps, quotes: this.#quotes, sponsor }
    const answer = await this.#inTurn(order, deps)
    this.#deps.log('hub-desk-sent', {
      request: order.type,
      amountMicroUsd: Number(answer.amountMicroUsd),
      peer: shortPeerId(peer),
    })
    return answer
  }

  /** A deposit that was made and can be made anew was undone by a reorganisation. */
  async #stillHolds(order: Order): Promise<boolean> {
    if (order.type !== 'deposit') return true
    this.#limits.takeChannels(1)
    return (await this.#deps.chain.authorizationState(order.deposit)) !== 'open'
  }

  /** One voucher must not pay two fees, so a channel's requests are answered one after another. */
  #inTurn(order: Order, deps: SendDeps): Promise<Done> {
    const { terms } = this.#deps
    switch (order.type) {
      case 'deposit': {
        const { deposit, feeVoucher } = order
        return this.#turns.take(channelIdOf(deposit.config, terms), () =>
          sendDeposit(deposit, feeVoucher, deps),
        )
      }
      case 'refund':
        return this.#turns.take(channelIdOf(order.channel, terms), () => sendRefund(order, deps))
      case 'claim':
        return sendClaim(order.claim, order.fee, deps)
      case 'transfer':
        return sendTransfer(order.transfer, order.fee, deps)
    }
  }
}

/** What of an order can be carried out only once. */
function keyOf(order: Order, terms: HubTerms): string {
  switch (order.type) {
    case 'deposit':
      return depositIdOf(order.deposit, terms)
    case 'refund':
      return order.signature
    case 'claim':
    case 'transfer':
      return order.fee.signature
  }
}

function factsOf(error: unknown): Record<string, string> {
  if (error instanceof BaseError)
    return { code: error.code, ...(error.details ? { details: error.details } : {}) }
  return { failure: String(error) }
}

/** Opens a hub's service desk: one question and its answer on each stream. */
export function createServiceDesk(deps: ServiceDeskDeps): HubProtocol {
  const desk = new ServiceDesk(deps)
  return { spec: hubDeskProtocol, answer: (stream) => desk.answer(stream) }
}
