import type { Hub } from '../../domain/hub.ts'
import type { Offer } from '../../domain/offer.ts'
import type { MicroUsd, TokenCount } from '../../domain/price.ts'
import type { PeerError } from '../../errors/index.ts'
import type { FundingStep } from '../fund/payer-channels.ts'
import type { OutputProgress } from '../tasks/answer.ts'

/** What happens on the way to a result. */
export type AskEvent =
  | { type: 'choosing' }
  | { type: 'dialling'; offer: Offer; attempt: number }
  | ({ type: 'funding' } & FundingStep)
  /** The hub is in the way; the provider is paid directly. */
  | { type: 'bypassing'; hub: Hub; error: PeerError }
  | { type: 'accepted'; offer: Offer; promptTokens: number }
  /** `chargeMicroUsd` is with the hub's spread, if any. */
  | (OutputProgress & { tokens: TokenCount; chargeMicroUsd: MicroUsd })
