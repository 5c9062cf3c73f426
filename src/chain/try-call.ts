import type { Signer } from '../ports/signer.ts'
import type { Rpc } from './rpc.ts'
import type { Call, SponsoredCall } from './send-transaction.ts'

/** Tries a call without sending it, with no more gas than it would be lent. @throws what the contract has against it */
export async function tryCall(call: Call | SponsoredCall, sender: Signer, { client }: Rpc): Promise<void> {
  const { to, data } = call
  const gas = 'maxGas' in call ? call.maxGas : undefined
  await client.call({ account: sender.address, to, data, gas })
}
