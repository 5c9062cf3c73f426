import type { Voucher } from '../../domain/channel.ts'
import type { MicroUsd } from '../../domain/price.ts'
import type { PayerChannel } from '../../ledger/payer-channel.ts'
import type { ProviderFrame, RequesterFrame } from '../../protocol/infer-messages.ts'
import type { MessageStream } from '../common/frames.ts'
import type { Accepted, PaymentRoute } from './payment-route.ts'

/** Pays on the job's own stream, from a channel that pays for nothing else meanwhile. */
export class DirectPayment implements PaymentRoute {
  readonly hub = null
  voucher: Voucher | null = null
  paidMicroUsd: MicroUsd = 0n
  #promisedBefore: MicroUsd = 0n
  readonly #end: MessageStream<ProviderFrame, RequesterFrame>
  readonly #channel: PayerChannel

  constructor(end: MessageStream<ProviderFrame, RequesterFrame>, channel: PayerChannel) {
    this.#end = end
    this.#channel = channel
  }

  get handedOnMicroUsd(): MicroUsd {
    return this.paidMicroUsd
  }

  /** Catches up with a voucher that the provider holds and this tab forgot. */
  async accepted({ heldVoucher: held }: Accepted): Promise<void> {
    if (held && held.maxClaimableAmount > (await this.#channel.promised())) await this.#channel.adopt(held)
    this.#promisedBefore = await this.#channel.promised()
  }

  async pay(chargeMicroUsd: MicroUsd): Promise<void> {
    if (chargeMicroUsd <= this.paidMicroUsd) return
    this.voucher = await this.#channel.promise(this.#promisedBefore + chargeMicroUsd)
    this.paidMicroUsd = chargeMicroUsd
    await this.#end.write({ type: 'voucher', voucher: this.voucher })
  }

  async settled(): Promise<void> {}

  close(): void {}
}
