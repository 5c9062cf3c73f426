import type { SponsoredAction } from '../../src/domain/authorization.ts'
import type { Address, PeerId } from '../../src/domain/bytes.ts'
import { HubError } from '../../src/errors/index.ts'
import type { Chain, Clock } from '../../src/ports/index.ts'
import { TokenBucket } from '../token-bucket.ts'

const questions = { burst: 20, perSecond: 1, maxWaitMs: 0 }
const transactionsOfPeer = { burst: 5, perSecond: 0.1, maxWaitMs: 0 }
const transactionsOfAll = { burst: 30, perSecond: 1, maxWaitMs: 0 }
/** Gas that must be left, in transactions of the same kind. */
const reserve = 2n
/** Peers remembered before those who have been quiet are forgotten. */
const rememberedPeers = 1_000

/** What bounds a desk. */
export type DeskLimitsDeps = { chain: Chain; account: Address; clock: Pick<Clock, 'nowMs'> }

/** How much anybody may ask, and how much gas all of them together may spend. */
export class DeskLimits {
  readonly #deps: DeskLimitsDeps
  readonly #all: TokenBucket
  readonly #peers = new Map<PeerId, { questions: TokenBucket; transactions: TokenBucket }>()

  constructor(deps: DeskLimitsDeps) {
    this.#deps = deps
    this.#all = this.#bucket(transactionsOfAll)
  }

  /** Returns whether a peer may ask one more question now. */
  takeQuestion(peer: PeerId): boolean {
    return this.#of(peer).questions.take() !== null
  }

  /** Counts what a peer wants sent, whether it would pass or not. @throws HubError `hub/busy` */
  takeAttempt(peer: PeerId): void {
    if (this.#of(peer).transactions.take() === null) throw tooManyTransactions()
  }

  /** Counts what is about to be sent, for whomever. @throws HubError `hub/busy`, `hub/out-of-gas` */
  async takeTransaction(action: SponsoredAction, channels: number): Promise<void> {
    if (this.#all.take() === null) throw tooManyTransactions()
    const { chain, account } = this.#deps
    const [leftWei, costWei] = await Promise.all([chain.gasBalance(account), chain.gasCost(action, channels)])
    if (leftWei >= reserve * costWei) return
    throw new HubError('hub/out-of-gas', 'The hub has too little gas to send this now.')
  }

  #of(peer: PeerId) {
    const known = this.#peers.get(peer)
    if (known) return known
    if (this.#peers.size >= rememberedPeers) this.#forgetQuiet()
    const fresh = { questions: this.#bucket(questions), transactions: this.#bucket(transactionsOfPeer) }
    this.#peers.set(peer, fresh)
    return fresh
  }

  #forgetQuiet(): void {
    for (const [peer, buckets] of this.#peers) {
      if (buckets.questions.full && buckets.transactions.full) this.#peers.delete(peer)
    }
  }

  #bucket(options: ConstructorParameters<typeof TokenBucket>[0]): TokenBucket {
    return new TokenBucket(options, () => this.#deps.clock.nowMs())
  }
}

function tooManyTransactions(): HubError {
  return new HubError('hub/busy', 'The hub sends as many transactions as it can. Try again in a minute.')
}
