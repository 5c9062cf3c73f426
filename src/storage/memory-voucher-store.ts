import type { Hex } from '../domain/bytes.ts'
import type { Voucher } from '../domain/channel.ts'
import type { MicroUsd } from '../domain/price.ts'
import type { Attribution, ChannelRecord, EarningStore, Raise } from '../ports/voucher-store.ts'
import {
  attributeVoucher,
  raiseClaimed,
  raiseVoucher,
  raiseVoucherFrom,
  unknownChannel,
} from './raise-channel.ts'

type Side = ChannelRecord['side']

/** Keeps vouchers as long as the process lives. */
export class MemoryVoucherStore implements EarningStore {
  readonly #records = new Map<string, ChannelRecord>()

  async addChannel(record: ChannelRecord): Promise<void> {
    const key = keyOf(record.side, record.channelId)
    if (!this.#records.has(key)) this.#records.set(key, structuredClone(record))
  }

  async channel(channelId: Hex, side: Side): Promise<ChannelRecord | null> {
    return structuredClone(this.#records.get(keyOf(side, channelId)) ?? null)
  }

  async channels(side: Side): Promise<ChannelRecord[]> {
    return structuredClone([...this.#records.values()].filter((record) => record.side === side))
  }

  async raiseVoucher(side: Side, voucher: Voucher): Promise<Raise> {
    const { record, raise } = raiseVoucher(this.#known(side, voucher.channelId), voucher)
    this.#records.set(keyOf(side, voucher.channelId), structuredClone(record))
    return structuredClone(raise)
  }

  async attribute(voucher: Voucher, wantedMicroUsd: MicroUsd): Promise<Attribution> {
    const known = this.#known('receiver', voucher.channelId)
    const { record, attribution } = attributeVoucher(known, voucher, wantedMicroUsd)
    this.#records.set(keyOf('receiver', voucher.channelId), structuredClone(record))
    return structuredClone(attribution)
  }

  async raiseVoucherFrom(side: Side, voucher: Voucher, fromMicroUsd: MicroUsd): Promise<boolean> {
    const raised = raiseVoucherFrom(this.#known(side, voucher.channelId), voucher, fromMicroUsd)
    if (raised) this.#records.set(keyOf(side, voucher.channelId), structuredClone(raised))
    return raised !== null
  }

  async raiseClaimed(channelId: Hex, claimedMicroUsd: MicroUsd): Promise<void> {
    const raised = raiseClaimed(this.#known('receiver', channelId), claimedMicroUsd)
    this.#records.set(keyOf('receiver', channelId), raised)
  }

  #known(side: Side, channelId: Hex): ChannelRecord {
    const record = this.#records.get(keyOf(side, channelId))
    if (!record) throw unknownChannel(channelId)
    return record
  }
}

function keyOf(side: Side, channelId: Hex): string {
  return `${side} ${channelId}`
}
