import type { MicroUsd } from '../../src/domain/price.ts'

/** What a hub tells its host about itself. Amounts in micro-dollars. */
export type HubFigures = {
  jobsOpen: number
  jobsTotal: number
  /** Lines now: of jobs that are being paid, and of providers. */
  payLines: number
  earnLines: number
  /** Charged by providers and handed on. */
  volumeMicroUsd: MicroUsd
  /** Taken from requesters on top of it. */
  spreadMicroUsd: MicroUsd
  feesMicroUsd: MicroUsd
  /** Earned from payers and not yet claimed on the chain. */
  unclaimedMicroUsd: MicroUsd
  /** Promised to providers against what is not yet claimed from payers. */
  exposureMicroUsd: MicroUsd
  /** Deposited for providers and not yet promised to them. */
  lockedMicroUsd: MicroUsd
  /** Token balance of the hub's account. */
  freeMicroUsd: MicroUsd
  /** Jobs refused because the hub could not pay a provider. */
  outOfFunds: number
}
