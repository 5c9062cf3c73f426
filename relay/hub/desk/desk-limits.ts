import type { SponsoredAction } from '../../../src/domain/authorization.ts'
import type { Address, PeerId } from '../../../src/domain/bytes.ts'
import { HubError } from '../../../src/errors/index.ts'
import type { Chain, Clock } from '../../../src/ports/index.ts'
import { Buckets } from '../../buckets.ts'
import { TokenBucket } from '../../token-bucket.ts'

const questions = { burst: 20, perSecond: 1, maxWaitMs: 0 }
const ordersOfPeer = { burst: 5, perSecond: 0.1, maxWaitMs: 0 }
/** Channels looked up on the chain: peer ids are free, so they are counted for all peers together. */
const channelsOfAll = { burst: 300, perSecond: 20, maxWaitMs: 0 }
const transactionsOfAll = { burst: 30, perSecond: 1, maxWaitMs: 0 }
/** Gas that must be left, in transactions of the same kind: the endpoint wants to see what one may take at most. */
const reserve = 4n

/** What bounds a desk. */
export type DeskLimitsDeps = { chain: Chain; account: Address; clock: Pick<Clock, 'nowMs'> }

/** How much anybody may ask, and how much all of them together may have looked up and spend in gas. */
export class DeskLimits {
  readonly #deps: DeskLimitsDeps
  readonly #transactions: TokenBucket
  readonly #channels: TokenBucket
  readonly #questions: Buckets<PeerId>
  readonly #orders: Buckets<PeerId>

  constructor(deps: DeskLimitsDeps) {
    this.#deps = deps
    const nowMs = () => deps.clock.nowMs()
    this.#transactions = new TokenBucket(transactionsOfAll, nowMs)
    this.#channels = new TokenBucket(channelsOfAll, nowMs)
    this.#questions = new Buckets(questions, nowMs)
    this.#orders = new Buckets(ordersOfPeer, nowMs)
  }

  /** Returns whether a peer may ask one more question now. */
  takeQuestion(peer: PeerId): boolean {
    return this.#questions.take(peer) !== null
  }

  /** Counts what a peer wants sent, whether it would pass or not. @throws HubError `hub/busy` */
  takeOrder(peer: PeerId): void {
    if (this.#orders.take(peer) === null) throw tooManyTransactions()
  }

  /** Counts channels that are about to be looked up, for whomever. @throws HubError `hub/busy` */
  takeChannels(count: number): void {
    if (this.#channels.take(count) !== null) return
    throw new HubError('hub/busy', 'The hub is asked for too much at once. Try again in a minute.')
  }

  /** Counts what is about to be sent, for whomever. @throws HubError `hub/busy`, `hub/out-of-gas` */
  async takeTransaction(action: SponsoredAction, channels: number): Promise<void> {
    if (this.#transactions.take() === null) throw tooManyTransactions()
    const { chain, account } = this.#deps
    const [leftWei, costWei] = await Promise.all([chain.gasBalance(account), chain.gasCost(action, channels)])
    if (leftWei >= reserve * costWei) return
    throw new HubError('hub/out-of-gas', 'The hub has too little gas to send this now.')
  }
}

function tooManyTransactions(): HubError {
  return new HubError('hub/busy', 'The hub sends as many transactions as it can. Try again in a minute.')
}
