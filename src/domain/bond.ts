import type { MicroUsd } from './price.ts'

/** Earnings of one period that a bond still holds. */
export type HeldEarnings = {
  amountMicroUsd: MicroUsd
  /** Unix time in seconds from which they are free, unless newer earnings free them before. */
  releaseAtSeconds: number
}

/** A provider's money in the earnings bond. */
export type BondAccount = {
  /** Can be paid out now. */
  freeMicroUsd: MicroUsd
  /** Held as bond for the provider's honesty. */
  heldMicroUsd: MicroUsd
  /** Held by open disputes. */
  lockedMicroUsd: MicroUsd
  /** What is held, oldest first. */
  held: HeldEarnings[]
  /** Most that is ever held; what comes above it frees the oldest part. */
  targetMicroUsd: MicroUsd
  /** Longest time that earnings are held, in seconds. */
  holdSeconds: number
  /** How often the provider was convicted, by contradicting itself or by the panel. */
  convictions: number
}
