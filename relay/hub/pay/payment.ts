import type { Hex } from '../../../src/domain/bytes.ts'
import type { Voucher } from '../../../src/domain/channel.ts'
import type { Network } from '../../../src/domain/network.ts'
import type { MicroUsd } from '../../../src/domain/price.ts'
import type { Clock, Signer } from '../../../src/ports/index.ts'
import type { HubStore } from '../books/hub-store.ts'

/** A requester's payment for a job. */
export type Payment = {
  jobId: Hex
  /** What the job is charged in all; the spread is on top. */
  chargeMicroUsd: MicroUsd
  /** Any voucher of the requester's channel; the highest one that the hub holds counts. */
  voucher: Voucher
}

/** A payment whose voucher is good, or no higher than one that is. */
export type CheckedPayment = Payment & {
  /** What the chain guarantees to its channel. */
  coveredMicroUsd: MicroUsd
}

/** What a forwarder works with. */
export type ForwarderDeps = {
  store: HubStore
  network: Pick<Network, 'chainId' | 'settlement'>
  /** Hub's account: signs the vouchers to providers. */
  signer: Signer
  clock: Pick<Clock, 'nowMs'>
  /** What the chain guarantees to a requester's channel: its balance, less what is being withdrawn. */
  coveredMicroUsd(channelId: Hex): Promise<MicroUsd>
}
