import type { Hex } from '../domain/bytes.ts'
import type { ChannelState } from '../domain/channel.ts'
import type { Chain, Clock } from '../ports/index.ts'

const pollMs = 1_000

/** Returns whether the chain shows a channel so within the time: a node may lag behind the one that took a transaction. */
export async function seen(
  channelId: Hex,
  isSo: (state: ChannelState) => boolean,
  timeoutMs: number,
  { chain, clock }: { chain: Pick<Chain, 'channel'>; clock: Clock },
): Promise<boolean> {
  for (let waitedMs = 0; ; waitedMs += pollMs) {
    const state = await chain.channel(channelId).catch(() => null)
    if (state && isSo(state)) return true
    if (waitedMs >= timeoutMs) return false
    await clock.sleep(pollMs)
  }
}
