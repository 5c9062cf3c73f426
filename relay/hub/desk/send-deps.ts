import type { SponsoredAction } from '../../../src/domain/authorization.ts'
import type { Hex } from '../../../src/domain/bytes.ts'
import type { HubTerms } from '../../../src/domain/hub.ts'
import type { MicroUsd } from '../../../src/domain/price.ts'
import type { Admit, Chain, Clock, Signer } from '../../../src/ports/index.ts'
import type { HubDeskReply } from '../../../src/protocol/hub-messages.ts'
import type { HubStore } from '../books/hub-store.ts'
import type { PayerFees } from '../pay/payer-fees.ts'
import type { Refunds } from '../pay/refunds.ts'
import type { FeeQuotes } from './fee-quotes.ts'

/** What the desk's requests are checked and sent with. */
export type SendDeps = {
  chain: Chain
  signer: Signer
  store: HubStore
  clock: Clock
  terms: HubTerms
  quotes: FeeQuotes
  fees: PayerFees
  refunds: Refunds
  /** Keeps new jobs off a payer's channel until the returned function is called; throws while one is open. */
  freeze: (channelId: Hex) => () => void
  /** Called when a transaction has changed these channels; never throws. */
  onChanged: (channelIds: Hex[]) => Promise<void>
  /**
   * Has something sent with the hub's gas; `admit` takes one of the transactions that may be sent now.
   * @throws HubError `hub/busy`, `hub/out-of-gas`; nothing was sent then
   */
  sponsor: Sponsor
}

/** Runs `send` with what admits its transaction. */
export type Sponsor = <result>(
  action: SponsoredAction,
  channels: number,
  send: (admit: Admit) => Promise<result>,
) => Promise<result>

/** What the desk answers when it has sent something. */
export type Done = Extract<HubDeskReply, { type: 'done' }>

/** Returns the answer to what is done. */
export function done(transaction: Hex | null, amountMicroUsd: MicroUsd, skipped: Hex[] = []): Done {
  return { type: 'done', transaction, amountMicroUsd, skipped }
}
