import type { Hex } from '../../src/domain/bytes.ts'
import type { ChannelState } from '../../src/domain/channel.ts'
import type { MicroUsd } from '../../src/domain/price.ts'
import { HubError } from '../../src/errors/index.ts'
import type { Chain, Clock } from '../../src/ports/index.ts'

/**
 * How long the chain's word on a channel counts, in milliseconds. A withdrawal takes a quarter of an hour at least,
 * so what was promised on a word of this age can still be claimed.
 */
export const maxStateAgeMs = 5 * 60_000

/** Channels that are remembered; of more, those that were read longest ago are forgotten. */
const rememberedChannels = 50_000
/** Channels that are read from the chain at a time. */
const readsAtOnce = 8

/** What the chain says of channels, remembered for a short while. */
export interface ChannelWatch {
  /** Returns what the chain said not long ago, or says now. */
  state(channelId: Hex): Promise<ChannelState>
  /** Returns what the chain says now. */
  refresh(channelId: Hex): Promise<ChannelState>
  /** Reads these channels anew; one that cannot be read keeps its age. */
  refreshAll(channelIds: Iterable<Hex>): Promise<void>
  /**
   * Returns what the chain guarantees to vouchers of a channel.
   * @throws HubError `hub/withdrawing` once its payer has announced a withdrawal
   */
  coveredMicroUsd(channelId: Hex): Promise<MicroUsd>
  /** Returns what was last heard of a channel, however old. */
  lastHeard(channelId: Hex): ChannelState | null
}

/** What a watch is made of. */
export type ChannelWatchDeps = {
  chain: Chain
  clock: Pick<Clock, 'nowMs'>
  /** Called when a withdrawal from a channel is heard of first. */
  onWithdrawal: (channelId: Hex) => void
}

type Heard = { state: ChannelState; atMs: number }

/** @throws HubError `hub/withdrawing` when a withdrawal from the channel is announced */
export function refuseWithdrawing({ withdrawal }: ChannelState): void {
  if (withdrawal === null) return
  throw new HubError('hub/withdrawing', 'This channel is being closed; it pays for nothing more.')
}

/** Returns a watch that has heard of nothing yet. */
export function createChannelWatch({ chain, clock, onWithdrawal }: ChannelWatchDeps): ChannelWatch {
  const heard = new Map<Hex, Heard>()
  const reading = new Map<Hex, Promise<ChannelState>>()

  const remember = (channelId: Hex, news: Heard) => {
    heard.delete(channelId)
    heard.set(channelId, news)
    const [oldest] = heard.keys()
    if (heard.size > rememberedChannels && oldest) heard.delete(oldest)
  }

  const read = async (channelId: Hex): Promise<ChannelState> => {
    // The age counts from before the question: what happened during it may not be in the answer.
    const atMs = clock.nowMs()
    const state = await chain.channel(channelId)
    const isNews = state.withdrawal !== null && !heard.get(channelId)?.state.withdrawal
    remember(channelId, { state, atMs })
    if (isNews) onWithdrawal(channelId)
    return state
  }

  const refresh = async (channelId: Hex): Promise<ChannelState> => {
    // A read that is under way may have been answered before what the caller waits for happened.
    await reading.get(channelId)?.catch(() => {})
    const current = reading.get(channelId) ?? read(channelId).finally(() => reading.delete(channelId))
    reading.set(channelId, current)
    return current
  }

  const state = async (channelId: Hex): Promise<ChannelState> => {
    const known = heard.get(channelId)
    const isFresh = known !== undefined && clock.nowMs() - known.atMs <= maxStateAgeMs
    return isFresh ? known.state : refresh(channelId)
  }

  return {
    state,
    refresh,
    async refreshAll(channelIds) {
      const left = [...channelIds]
      const readOn = async () => {
        for (let next = left.pop(); next !== undefined; next = left.pop()) await refresh(next).catch(() => {})
      }
      await Promise.all(Array.from({ length: readsAtOnce }, readOn))
    },
    async coveredMicroUsd(channelId) {
      const current = await state(channelId)
      refuseWithdrawing(current)
      return current.balance
    },
    lastHeard: (channelId) => heard.get(channelId)?.state ?? null,
  }
}
