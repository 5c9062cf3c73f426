import type { MicroUsd } from '../../domain/price.ts'
import { HubError } from '../../errors/index.ts'

/** Five cents: a fee above it is a mistake, or greed. */
const highestFeeMicroUsd = 50_000n

/** Whether a hub may ask this for sending one transaction. */
export function isPlausibleFee(feeMicroUsd: MicroUsd): boolean {
  return feeMicroUsd <= highestFeeMicroUsd
}

/** @throws HubError `hub/fee-too-high` */
export function checkFee(feeMicroUsd: MicroUsd): void {
  if (isPlausibleFee(feeMicroUsd)) return
  throw new HubError('hub/fee-too-high', 'The hub asks an unusual fee for sending this.')
}
