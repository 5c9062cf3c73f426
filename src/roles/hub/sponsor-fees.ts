import type { TransferAuthorization } from '../../domain/authorization.ts'
import { type Address, type PeerId, sameAddress } from '../../domain/bytes.ts'
import type { Hub } from '../../domain/hub.ts'
import type { MicroUsd } from '../../domain/price.ts'
import { HubError } from '../../errors/index.ts'
import type { Chain, Clock, DocumentStore, Signer } from '../../ports/index.ts'
import { chainShows } from '../common/chain-shows.ts'
import type { HubDone } from './hub-client.ts'
import { seenOnChain } from './seen-on-chain.ts'
import { type SponsoredWork, type WorkMark, isShown, isShownBy, marksOf } from './sponsored-work.ts'

/** Where fees are kept, and what tells their end. */
export type SponsorFeesDeps = { chain: Chain; wallet: Signer; documents: DocumentStore; clock: Clock }

/** A hub that sends something for a fee. */
type Sponsor = Pick<Hub, 'peerId' | 'account'>

/** A fee that a hub was handed. Structured-clone values only. */
type KeptFee = {
  account: Address
  fee: TransferAuthorization
  /** What it was handed over for. Any of it on the chain shows that it was earned. */
  marks: WorkMark[]
  /** Unix time in milliseconds since which it is known that the hub took it for nothing; null unless so. */
  takenAtMs: number | null
}

const collection = 'sponsor-fees'
/** What used up a fee is seen together with it, by a node that does not lag. */
const visibleTimeoutMs = 10_000
/** A hub that is not trusted is looked at again after this. */
const lookAgainMs = 60_000
/** An authorisation that ends sooner is signed anew. */
const leastLeftSeconds = 120

/**
 * Fees of one account that hubs are handed for claims and moves of money. A hub could send the fee and leave the rest,
 * so it is handed one fee at a time: what is signed while that is open has its nonce, and only one of all can ever move.
 * A hub that took its fee and did nothing for it is handed none again, unless the chain, which was late or had lost a
 * block, shows after all what the fee was for.
 */
export class SponsorFees {
  readonly #deps: SponsorFeesDeps
  /** When hubs that are not trusted were looked at, by their key. */
  readonly #lookedAtMs = new Map<string, number>()

  constructor(deps: SponsorFeesDeps) {
    this.#deps = deps
  }

  /**
   * Hands a hub some work and the fee for it. Returns what it says of it once the chain shows it; null where it said
   * nothing of use.
   * @throws HubError why the hub refuses, `hub/no-answer` while only the chain can tell, `hub/fee-taken` where it took
   * the fee alone, now or before
   */
  async pay(
    hub: Sponsor,
    feeMicroUsd: MicroUsd,
    work: SponsoredWork,
    hand: (fee: TransferAuthorization) => Promise<HubDone>,
  ): Promise<HubDone | null> {
    const { chain, clock } = this.#deps
    const marks = marksOf(work)
    const fee = await this.#sign(hub, feeMicroUsd, marks)
    const isDone = async () => (await Promise.all(marks.map((mark) => isShown(mark, chain)))).every(Boolean)
    try {
      const done = await seenOnChain(hand(fee), isDone, clock)
      await this.done(work, hub.peerId)
      return done
    } catch (error) {
      await this.#open(hub).catch((cause: unknown) => {
        if (isFeeTaken(cause)) throw cause
      })
      throw error
    }
  }

  /** Takes note that work is done, by a hub or by the account itself: to whom else it was handed has not earned by it. */
  async done(work: SponsoredWork, by: PeerId | null): Promise<void> {
    const shown = marksOf(work)
    for (const key of await this.#keys()) {
      const isBy = by !== null && key === this.#keyOf(by)
      await this.#deps.documents.change(collection, key, (now) => {
        const kept = asKept(now)
        if (!kept) return now
        if (isBy) return kept.takenAtMs === null ? undefined : now
        const marks = kept.marks.filter((mark) => !shown.some((other) => isShownBy(mark, other)))
        return { ...kept, marks } satisfies KeptFee
      })
    }
  }

  /** Whether a hub is still handed fees. */
  async trusts({ peerId, account }: Sponsor): Promise<boolean> {
    const taken = await this.#taken()
    return !taken.some((one) => one.key === this.#keyOf(peerId) || sameAddress(one.account, account))
  }

  /** Returns the accounts of hubs that took a fee for nothing. */
  async faithless(): Promise<Address[]> {
    return (await this.#taken()).map(({ account }) => account)
  }

  async #sign(hub: Sponsor, amount: MicroUsd, marks: WorkMark[]): Promise<TransferAuthorization> {
    const { chain, wallet, documents, clock } = this.#deps
    if (!(await this.trusts(hub))) throw feeTaken()
    for (;;) {
      const earlier = (await this.#open(hub))?.fee
      const leftSeconds = earlier ? earlier.validBeforeSeconds - clock.nowMs() / 1000 : 0
      const isSame = earlier?.amount === amount && sameAddress(earlier.to, hub.account)
      const fee =
        isSame && leftSeconds >= leastLeftSeconds
          ? earlier
          : await chain.authorizeTransfer(hub.account, amount, wallet, earlier)
      let isKept = false
      await documents.change(collection, this.#keyOf(hub.peerId), (now) => {
        const kept = asKept(now)
        // Another tab may have been first, or seen this one's end.
        isKept = kept?.fee.nonce === earlier?.nonce && (kept?.takenAtMs ?? null) === null
        if (!isKept) return now
        const all = merged(kept?.marks ?? [], marks)
        return { account: hub.account, fee, marks: all, takenAtMs: null } satisfies KeptFee
      })
      if (isKept) return fee
    }
  }

  /**
   * Returns the fee that a hub was handed and may still take, or null.
   * @throws HubError `hub/fee-taken` where it took it and the chain shows nothing that it was for
   */
  async #open({ peerId }: Sponsor): Promise<KeptFee | null> {
    const { chain, documents, clock } = this.#deps
    const key = this.#keyOf(peerId)
    const kept = asKept(await documents.get(collection, key))
    if (!kept) return null
    if (kept.takenAtMs !== null) throw feeTaken()
    const state = await chain.authorizationState(kept.fee)
    if (state === 'open') return kept
    const isEarned = async () => {
      const { marks } = asKept(await documents.get(collection, key)) ?? kept
      return (await Promise.all(marks.map((mark) => isShown(mark, chain)))).some(Boolean)
    }
    const isTaken = state === 'used' && !(await chainShows(isEarned, visibleTimeoutMs, clock))
    const takenAtMs = clock.nowMs()
    await documents.change(collection, key, (now) => {
      if (asKept(now)?.fee.nonce !== kept.fee.nonce) return now
      return isTaken ? ({ ...kept, takenAtMs } satisfies KeptFee) : undefined
    })
    if (isTaken) throw feeTaken()
    if (state === 'used') await this.#disown(kept.marks, key)
    return null
  }

  /** Takes from the faithless what another hub was paid for: it does not excuse them. */
  async #disown(marks: WorkMark[], by: string): Promise<void> {
    const isOwn = (mark: WorkMark) => !marks.some((other) => isShownBy(mark, other))
    for (const key of await this.#keys()) {
      if (key === by) continue
      await this.#deps.documents.change(collection, key, (now) => {
        const kept = asKept(now)
        const isFaithless = kept !== undefined && kept.takenAtMs !== null
        return isFaithless ? ({ ...kept, marks: kept.marks.filter(isOwn) } satisfies KeptFee) : now
      })
    }
  }

  async #taken(): Promise<{ key: string; account: Address }[]> {
    const keys = await this.#keys()
    const taken: { key: string; account: Address }[] = []
    for (const key of keys) {
      const kept = asKept(await this.#deps.documents.get(collection, key))
      if (!kept || kept.takenAtMs === null || (await this.#isForgiven(key, kept))) continue
      taken.push({ key, account: kept.account })
    }
    return taken
  }

  /** Forgets a hub's guilt once the chain shows its work, which nobody else did or may have done, as far as is known. */
  async #isForgiven(key: string, { marks, fee }: KeptFee): Promise<boolean> {
    const { chain, clock, documents } = this.#deps
    const nowMs = clock.nowMs()
    if (nowMs < (this.#lookedAtMs.get(key) ?? -Infinity) + lookAgainMs) return false
    this.#lookedAtMs.set(key, nowMs)
    const others = await this.#marksBeside(key)
    const own = marks.filter((mark) => !others.some((other) => isShownBy(mark, other)))
    const shown = await Promise.all(own.map((mark) => isShown(mark, chain))).catch(() => [])
    if (!shown.some(Boolean)) return false
    await documents.change(collection, key, (now) => (asKept(now)?.fee.nonce === fee.nonce ? undefined : now))
    return true
  }

  /** Returns what other hubs were handed, and may have done unseen. */
  async #marksBeside(key: string): Promise<WorkMark[]> {
    const beside = (await this.#keys()).filter((other) => other !== key)
    const kept = await Promise.all(beside.map((other) => this.#deps.documents.get(collection, other)))
    return kept.flatMap((one) => asKept(one)?.marks ?? [])
  }

  async #keys(): Promise<string[]> {
    const own = this.#keyOf('')
    return (await this.#deps.documents.keys(collection)).filter((key) => key.startsWith(own))
  }

  /** One browser may have several accounts and know several chains. */
  #keyOf(peerId: PeerId): string {
    const { chain, wallet } = this.#deps
    return [chain.network.chainId, wallet.address, peerId].join(' ')
  }
}

/** Of two batches with the same channel the earlier one, which goes less far, shows first. */
function merged(marks: WorkMark[], more: WorkMark[]): WorkMark[] {
  return [...marks, ...more.filter((one) => !marks.some((mark) => isShownBy(mark, one)))]
}

const asKept = (kept: unknown) => kept as KeptFee | undefined

const isFeeTaken = (error: unknown) => error instanceof HubError && error.code === 'hub/fee-taken'

const feeTaken = () =>
  new HubError('hub/fee-taken', 'This hub took its fee and did not do what it was for. It gets no other one.')
