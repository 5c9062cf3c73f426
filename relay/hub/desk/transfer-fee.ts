import type { TransferAuthorization } from '../../../src/domain/authorization.ts'
import { sameAddress } from '../../../src/domain/bytes.ts'
import type { MicroUsd } from '../../../src/domain/price.ts'
import { HubError } from '../../../src/errors/index.ts'
import type { SendDeps } from './send-deps.ts'

/** An authorisation must live long enough to be mined. */
const leastLeftSeconds = 30

/** @throws HubError unless a fee goes to this hub, is high enough and lives long enough */
export function checkTransferFee(fee: TransferAuthorization, leastMicroUsd: MicroUsd, deps: SendDeps): void {
  if (!sameAddress(fee.to, deps.terms.account)) {
    throw new HubError('hub/request-refused', 'The fee goes to somebody else.')
  }
  if (fee.amount < leastMicroUsd) {
    throw new HubError('hub/fee-too-low', `This costs ${leastMicroUsd} micro-dollars now.`)
  }
  checkAlive(fee, deps)
}

/** @throws HubError `hub/stale-request` for an authorisation that ends before it could be mined */
export function checkAlive({ validBeforeSeconds }: TransferAuthorization, { clock }: SendDeps): void {
  if (validBeforeSeconds >= clock.nowMs() / 1000 + leastLeftSeconds) return
  throw new HubError('hub/stale-request', 'The authorisation has ended, or ends too soon.')
}
