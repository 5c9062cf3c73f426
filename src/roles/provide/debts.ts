import type { Hex } from '../../domain/bytes.ts'
import type { ChannelDebt } from '../../domain/debt.ts'
import type { DocumentStore } from '../../ports/index.ts'

/** A requester's channel, or a hub's on a day. */
export type Debtor = Hex | `${Hex} ${number}`

/** What each debtor was served and paid, kept so that a reload forgives nothing. */
export interface Debts {
  of(debtor: Debtor): Promise<ChannelDebt>
  /** Adds to what a debtor was charged and has paid. */
  add(debtor: Debtor, more: ChannelDebt): Promise<void>
}

const dayMs = 24 * 3600_000

/** A hub owes by the day, so that requesters who leave cannot close a tab to it for good. */
export function hubOnDay(channelId: Hex, atMs: number): Debtor {
  return `${channelId} ${Math.floor(atMs / dayMs)}`
}

const collection = 'channel-debts'
const none: ChannelDebt = { chargedMicroUsd: 0n, paidMicroUsd: 0n }

/** Returns the debts that are kept in these documents, one document a debtor; other tabs may add to them too. */
export function createDebts(documents: DocumentStore): Debts {
  return {
    of: async (debtor) => asDebt(await documents.get(collection, debtor)),
    add: (debtor, more) =>
      documents.change(collection, debtor, (kept): ChannelDebt => {
        const { chargedMicroUsd, paidMicroUsd } = asDebt(kept)
        return {
          chargedMicroUsd: chargedMicroUsd + more.chargedMicroUsd,
          paidMicroUsd: paidMicroUsd + more.paidMicroUsd,
        }
      }),
  }
}

const asDebt = (kept: unknown) => (kept as ChannelDebt | undefined) ?? none
