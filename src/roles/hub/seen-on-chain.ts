import { HubError } from '../../errors/index.ts'
import type { Clock } from '../../ports/index.ts'
import { chainShows } from '../common/chain-shows.ts'
import type { HubDone } from './hub-client.ts'

/** A node may lag behind the one that the hub asks. */
const visibleTimeoutMs = 30_000
/** The hub may have sent a transaction before it fell silent. */
const silentTimeoutMs = 60_000

/**
 * Returns what a hub says of something that it was handed for the chain, once the chain shows it; null where the chain
 * shows it and the hub said nothing of use.
 * @throws HubError why the hub refuses, `hub/no-answer` where only the chain can tell and does not, not yet
 */
export async function seenOnChain(
  handed: Promise<HubDone>,
  isSeen: () => Promise<boolean>,
  clock: Pick<Clock, 'sleep'>,
): Promise<HubDone | null> {
  const answer = await handed.catch((error: unknown) => ({ failure: error }))
  const failure = 'failure' in answer ? answer.failure : null
  const isSilent = failure instanceof HubError && failure.code === 'hub/no-answer'
  const timeoutMs = failure === null ? visibleTimeoutMs : isSilent ? silentTimeoutMs : 0
  if (await chainShows(isSeen, timeoutMs, clock)) return 'failure' in answer ? null : answer
  throw (
    failure ??
    new HubError('hub/no-answer', 'The hub says that it has sent this; the chain does not show it.')
  )
}
