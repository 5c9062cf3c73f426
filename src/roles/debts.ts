import type { Hex } from '../domain/bytes.ts'
import type { ChannelDebt } from '../domain/debt.ts'
import type { DocumentStore } from '../ports/index.ts'

/** What each requester's channel was served and paid, kept so that a reload forgives nothing. */
export interface Debts {
  of(channelId: Hex): Promise<ChannelDebt>
  /** Adds to what a channel was charged and has paid. */
  add(channelId: Hex, more: ChannelDebt): Promise<void>
}

const collection = 'channel-debts'
const none: ChannelDebt = { chargedMicroUsd: 0n, paidMicroUsd: 0n }

/** Returns the debts that are kept in these documents, one document a channel. */
export function createDebts(documents: DocumentStore): Debts {
  let last: Promise<unknown> = Promise.resolve()
  /** One step after the other, so that none overwrites another. */
  const inTurn = <result>(step: () => Promise<result>): Promise<result> => {
    const turn = last.then(step, step)
    last = turn.catch(() => {})
    return turn
  }
  const read = async (channelId: Hex) =>
    ((await documents.get(collection, channelId)) as ChannelDebt | undefined) ?? none
  return {
    of: (channelId) => inTurn(() => read(channelId)),
    add: (channelId, more) =>
      inTurn(async () => {
        const { chargedMicroUsd, paidMicroUsd } = await read(channelId)
        await documents.put(collection, channelId, {
          chargedMicroUsd: chargedMicroUsd + more.chargedMicroUsd,
          paidMicroUsd: paidMicroUsd + more.paidMicroUsd,
        } satisfies ChannelDebt)
      }),
  }
}
