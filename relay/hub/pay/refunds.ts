import type { Hex } from '../../../src/domain/bytes.ts'
import type { ChannelClaim, ChannelConfig } from '../../../src/domain/channel.ts'
import type { MicroUsd } from '../../../src/domain/price.ts'
import { BaseError, ChainError, HubError } from '../../../src/errors/index.ts'
import type { Admit, Chain, Clock, Signer } from '../../../src/ports/index.ts'
import { unknownChannel } from '../../../src/storage/raise-channel.ts'
import type { RelayLog } from '../../log.ts'
import type { HubStore, RefundRecord } from '../books/hub-store.ts'
import type { ChannelWatch } from '../channel-watch.ts'
import { higher } from './payer-channel.ts'
import type { PayerFees } from './payer-fees.ts'

/** A refund that the chain does not show for so long is sent again, in milliseconds: longer than sending one takes. */
const againMs = 3 * 60_000
/** No endpoint keeps a transaction for so long that it never took into a block, in milliseconds. */
const forgottenMs = 24 * 3600_000
/** After these a transaction never happens, or was never sent. */
const neverCodes: ReadonlySet<string> = new Set(['chain/reverted', 'chain/replaced'])

/** What refunds are made with. */
export type RefundsDeps = {
  chain: Chain
  signer: Signer
  store: HubStore
  watch: ChannelWatch
  fees: Pick<PayerFees, 'forget'>
  clock: Pick<Clock, 'nowMs'>
  log: RelayLog
}

/** The transaction of a refund, and what it gave back. */
export type SentRefund = { transaction: Hex; refundedMicroUsd: MicroUsd }

/**
 * Refunds on their way. One is kept on disk before it is sent, and until the chain shows it or it can never happen:
 * meanwhile its channel pays for nothing, or its vouchers would be promises of money that is leaving.
 */
export class Refunds {
  readonly #deps: RefundsDeps
  readonly #sending = new Set<Hex>()

  constructor(deps: RefundsDeps) {
    this.#deps = deps
  }

  /**
   * Sends a refund and returns what went back. The channel is known to the store.
   * @throws ChainError, and what `admit` throws; after `chain/unconfirmed` and its like it may still happen
   */
  async send(refund: RefundRecord, config: ChannelConfig, admit: Admit): Promise<SentRefund> {
    const { store, log } = this.#deps
    const { channelId } = refund
    await store.beginRefund(refund)
    const sent = await this.#hand(refund, config, admit).catch(async (error: unknown) => {
      if (neverHappens(error)) await store.endRefund(channelId, 'dropped')
      else log('hub-refund-unclear', { code: codeOf(error) })
      throw error
    })
    // It has happened; where that cannot be seen now, it will be later.
    await this.#look(refund).catch(() => false)
    return sent
  }

  /** Returns a channel's refund that is still on its way after a look at the chain, or null. */
  async onWay(channelId: Hex): Promise<RefundRecord | null> {
    const refund = await this.#deps.store.refund(channelId)
    return refund === null || (await this.#look(refund)) ? null : refund
  }

  /**
   * Sends a refund that is on its way again, and returns what went back. What was sent before may still happen in its
   * place: the two have one number.
   * @throws ChainError, and what `admit` throws; none of it says that the refund will not happen
   */
  async again(refund: RefundRecord, admit?: Admit): Promise<SentRefund> {
    const { channelId } = refund
    if (this.#sending.has(channelId)) throw underWay()
    const record = await this.#deps.store.channel(channelId, 'receiver')
    if (!record) throw unknownChannel(channelId)
    const sent = await this.#hand(refund, record.config, admit)
    await this.#look(refund).catch(() => false)
    return sent
  }

  /** Looks after all that are left, and sends again what got lost. One that fails does not keep the others. */
  async settleAll(): Promise<void> {
    for (const refund of await this.#deps.store.refunds()) {
      await this.#settle(refund).catch((error: unknown) => {
        this.#deps.log('hub-refund-unclear', { code: codeOf(error) })
      })
    }
  }

  async #settle(refund: RefundRecord): Promise<void> {
    const { store, clock, log } = this.#deps
    const ageMs = clock.nowMs() - refund.sinceMs
    if ((await this.#look(refund)) || ageMs < againMs) return
    try {
      await this.again(refund)
    } catch (error) {
      if (ageMs < forgottenMs || !neverHappens(error)) throw error
      await store.endRefund(refund.channelId, 'dropped')
      log('hub-refund-dropped')
    }
  }

  async #hand(refund: RefundRecord, config: ChannelConfig, admit?: Admit): Promise<SentRefund> {
    const { chain, signer, store } = this.#deps
    const { channelId, totalClaimedMicroUsd: totalClaimed, feeVoucher } = refund
    const held = (await store.channel(channelId, 'receiver'))?.voucher ?? null
    const claim: ChannelClaim = { config, voucher: higher(feeVoucher, held), totalClaimed }
    this.#sending.add(channelId)
    try {
      return await chain.refund(config, claim, signer, { number: refund.number, admit })
    } finally {
      this.#sending.delete(channelId)
    }
  }

  /** The chain's word counts, never that of who sent it: an endpoint that lags would still show the old balance. */
  async #look(refund: RefundRecord): Promise<boolean> {
    const { chain, watch, store, fees } = this.#deps
    const { channelId, number } = refund
    if ((await chain.refunds(channelId)) <= number) return false
    await watch.refresh(channelId)
    await store.endRefund(channelId, 'done')
    fees.forget(channelId)
    return true
  }
}

/** @throws HubError `hub/job-refused` while a channel is being paid back */
export async function refuseRefunding(channelId: Hex, store: Pick<HubStore, 'refund'>): Promise<void> {
  if ((await store.refund(channelId)) === null) return
  throw new HubError('hub/job-refused', 'This channel is being paid back.', { retryable: true })
}

/** Whether nothing comes of a refund that failed so: what stopped it before it was sent, or the chain's last word. */
function neverHappens(error: unknown): boolean {
  return error instanceof ChainError ? neverCodes.has(error.code) : error instanceof HubError
}

function underWay(): ChainError {
  return new ChainError('chain/unconfirmed', 'This channel is being paid back already.')
}

function codeOf(error: unknown): string {
  return error instanceof BaseError ? error.code : 'unknown'
}
