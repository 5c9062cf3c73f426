import type {
  ClaimAuthorization,
  DepositAuthorization,
  FeeQuote,
  SponsoredAction,
  TransferAuthorization,
} from '../../domain/authorization.ts'
import { type Hex, type PeerId, sameAddress } from '../../domain/bytes.ts'
import type { Voucher } from '../../domain/channel.ts'
import { type HubTerms, maxSpreadMillionths } from '../../domain/hub.ts'
import type { Network } from '../../domain/network.ts'
import type { MicroUsd } from '../../domain/price.ts'
import { HubError, ProtocolError } from '../../errors/index.ts'
import { verifyHubTerms } from '../../ledger/sign-hub.ts'
import type { Clock, FrameStream, Transport } from '../../ports/index.ts'
import { parseFrame } from '../../protocol/frame-codec.ts'
import { type HubDeskReply, type HubDeskRequest, hubDeskReplySchema } from '../../protocol/hub-messages.ts'
import { hubDeskProtocol } from '../../protocol/protocols.ts'
import { expectFrame, messageStream } from '../common/frames.ts'
import { hubRefusal } from './hub-refusal.ts'

/** A relay that is no hub, or a slow one, must not hold up every question. */
const termsTimeoutMs = 5_000
const answerTimeoutMs = 15_000
/** Long enough for a transaction to be sent, priced anew and mined. */
const miningTimeoutMs = 120_000

/** How a hub is reached, and the network whose money it must handle. */
export type HubClientDeps = { transport: Transport; clock: Clock; network: Network }

/** What a hub has sent to the chain, as it says; the chain itself has the last word. */
export type HubDone = {
  /** Null when there was nothing to do. */
  transaction: Hex | null
  /** What was deposited, settled, refunded or moved. */
  amountMicroUsd: MicroUsd
  /** Channels of a claim that were left out. */
  skipped: Hex[]
}

type Answered = Exclude<HubDeskReply, { type: 'refused' }>

/** A signed wish for a channel's money, and the voucher that pays for it. */
export type SignedRefund = Omit<Extract<HubDeskRequest, { type: 'refund' }>, 'type'>

/**
 * What a tab asks a hub. Each question has a stream of its own.
 * Every method throws HubError: `hub/unreachable` when it cannot be asked, and the hub's own reason when it refuses.
 * What was handed over for the chain and got no sound answer is `hub/no-answer`: only the chain can tell. Other
 * malformed answers are a ProtocolError.
 */
export interface HubClient {
  readonly peerId: PeerId
  /**
   * Returns the hub's terms, signed and for this network.
   * @throws HubError `hub/bad-terms`, LedgerError `ledger/bad-signature`
   */
  terms(): Promise<HubTerms>
  /** Returns what an action would cost; `channels` are those of a claim. */
  quote(action: SponsoredAction, channels?: number): Promise<FeeQuote>
  /** Has a deposit sent; the voucher promises the fee on top of what its channel has promised before. */
  deposit(deposit: DepositAuthorization, feeVoucher: Voucher): Promise<HubDone>
  claim(claim: ClaimAuthorization, fee: TransferAuthorization): Promise<HubDone>
  refund(refund: SignedRefund): Promise<HubDone>
  transfer(transfer: TransferAuthorization, fee: TransferAuthorization): Promise<HubDone>
}

/** Returns the client of the hub that runs on a relay. Nothing is sent before its first question. */
export function createHubClient(peerId: PeerId, deps: HubClientDeps): HubClient {
  const ask = async <const type extends Answered['type']>(
    question: HubDeskRequest,
    type: type,
    timeoutMs: number,
    onSilence: (cause: unknown) => Error,
  ): Promise<Extract<HubDeskReply, { type: type }>> => {
    const stream = await deps.transport.open(peerId, hubDeskProtocol).catch((cause: unknown) => {
      throw unreachable(cause)
    })
    try {
      return expectFrame(await exchange(stream, question, timeoutMs, deps.clock), type)
    } catch (error) {
      stream.abort(error instanceof Error ? error : new Error(String(error)))
      throw error instanceof HubError ? error : onSilence(error)
    }
  }

  const send = async (question: HubDeskRequest): Promise<HubDone> => {
    const { transaction, amountMicroUsd, skipped } = await ask(question, 'done', miningTimeoutMs, noAnswer)
    return { transaction, amountMicroUsd, skipped }
  }

  return {
    peerId,
    async terms() {
      const { terms, signature } = await ask({ type: 'terms' }, 'terms', termsTimeoutMs, silence)
      checkTerms(terms, peerId, deps.network)
      await verifyHubTerms(terms, signature)
      return terms
    },
    async quote(action, channels = 1) {
      const question: HubDeskRequest = { type: 'quote', action, channels }
      const { feeMicroUsd, expiresAtSeconds } = await ask(question, 'quote', answerTimeoutMs, silence)
      return { feeMicroUsd, expiresAtSeconds }
    },
    deposit: (deposit, feeVoucher) => send({ type: 'deposit', deposit, feeVoucher }),
    claim: (claim, fee) => send({ type: 'claim', claim, fee }),
    refund: (refund) => send({ type: 'refund', ...refund }),
    transfer: (transfer, fee) => send({ type: 'transfer', transfer, fee }),
  }
}

async function exchange(
  stream: FrameStream,
  question: HubDeskRequest,
  timeoutMs: number,
  clock: Clock,
): Promise<Answered> {
  const end = messageStream<HubDeskReply, HubDeskRequest>(
    stream,
    (frame) => parseFrame(hubDeskReplySchema, frame),
    clock,
  )
  await end.write(question)
  const reply = expectFrame(await end.read(timeoutMs), 'terms', 'quote', 'done', 'refused')
  await end.close().catch(() => {})
  if (reply.type === 'refused') throw hubRefusal(reply.error)
  return reply
}

/** @throws HubError `hub/bad-terms` */
function checkTerms(terms: HubTerms, peerId: PeerId, network: Network): void {
  const fits = {
    relay: terms.peerId === peerId,
    chain: terms.chainId === network.chainId,
    settlement: sameAddress(terms.settlement, network.settlement),
    token: sameAddress(terms.token, network.token),
    spread: terms.spreadMillionths <= maxSpreadMillionths,
  }
  const wrong = Object.entries(fits).flatMap(([name, ok]) => (ok ? [] : [name]))
  if (wrong.length === 0) return
  throw new HubError('hub/bad-terms', `The hub's terms do not fit: ${wrong.join(', ')}.`)
}

/** A malformed answer is told as it is; all else means that the hub is away. */
const silence = (cause: unknown) => (cause instanceof ProtocolError ? cause : unreachable(cause))

const unreachable = (cause: unknown) =>
  new HubError('hub/unreachable', 'The hub cannot be reached.', { cause })

const noAnswer = (cause: unknown) =>
  new HubError('hub/no-answer', 'The hub did not say what became of it. The chain will show.', { cause })
