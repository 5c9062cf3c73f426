import type { SponsoredAction } from '../../../src/domain/authorization.ts'
import type { Address, PeerId } from '../../../src/domain/bytes.ts'
import { HubError } from '../../../src/errors/index.ts'
import type { Chain, Clock } from '../../../src/ports/index.ts'
import { Buckets } from '../../buckets.ts'
import { TokenBucket } from '../../token-bucket.ts'

const questions = { burst: 20, perSecond: 1, maxWaitMs: 0 }
const transactionsOfPeer = { burst: 5, perSecond: 0.1, maxWaitMs: 0 }
const transactionsOfAll = { burst: 30, perSecond: 1, maxWaitMs: 0 }
/** Gas that must be left, in transactions of the same kind: the endpoint wants to see what one may take at most. */
const reserve = 4n

/** What bounds a desk. */
export type DeskLimitsDeps = { chain: Chain; account: Address; clock: Pick<Clock, 'nowMs'> }

/** How much anybody may ask, and how much gas all of them together may spend. */
export class DeskLimits {
  readonly #deps: DeskLimitsDeps
  readonly #all: TokenBucket
  readonly #questions: Buckets<PeerId>
  readonly #attempts: Buckets<PeerId>

  constructor(deps: DeskLimitsDeps) {
    this.#deps = deps
    const nowMs = () => deps.clock.nowMs()
    this.#all = new TokenBucket(transactionsOfAll, nowMs)
    this.#questions = new Buckets(questions, nowMs)
    this.#attempts = new Buckets(transactionsOfPeer, nowMs)
  }

  /** Returns whether a peer may ask one more question now. */
  takeQuestion(peer: PeerId): boolean {
    return this.#questions.take(peer) !== null
  }

  /** Counts what a peer wants sent, whether it would pass or not. @throws HubError `hub/busy` */
  takeAttempt(peer: PeerId): void {
    if (this.#attempts.take(peer) === null) throw tooManyTransactions()
  }

  /** Counts what is about to be sent, for whomever. @throws HubError `hub/busy`, `hub/out-of-gas` */
  async takeTransaction(action: SponsoredAction, channels: number): Promise<void> {
    if (this.#all.take() === null) throw tooManyTransactions()
    const { chain, account } = this.#deps
    const [leftWei, costWei] = await Promise.all([chain.gasBalance(account), chain.gasCost(action, channels)])
    if (leftWei >= reserve * costWei) return
    throw new HubError('hub/out-of-gas', 'The hub has too little gas to send this now.')
  }
}

function tooManyTransactions(): HubError {
  return new HubError('hub/busy', 'The hub sends as many transactions as it can. Try again in a minute.')
}
