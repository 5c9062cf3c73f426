import { type Address, type PeerId, sameAddress } from '../../domain/bytes.ts'
import type { Hub } from '../../domain/hub.ts'
import { limits } from '../../protocol/limits.ts'
import { type EarnReceiver, HubLine, type HubLineDeps } from './hub-line.ts'

/** A provider's lines to all the hubs that it is connected to. */
export interface HubLines {
  /** Hubs whose lines are up, as offers name them. */
  hubs(): Hub[]
  /** The line to the hub of an account, up or down, or null where no relay runs such a hub. */
  lineTo(account: Address): HubLine | null
}

/**
 * Keeps a line to each connected relay that runs a hub, until the signal aborts. `onChange` hears whenever a line has
 * come up or gone down.
 */
export function openHubLines(
  to: EarnReceiver,
  deps: HubLineDeps,
  onChange: () => void,
  signal: AbortSignal,
): HubLines {
  const lines = new Map<PeerId, HubLine>()
  const running = new Map<PeerId, AbortController>()

  const follow = (relays: PeerId[]) => {
    for (const [relay, stop] of running) {
      if (relays.includes(relay)) continue
      running.delete(relay)
      stop.abort()
    }
    for (const relay of relays.filter((one) => !running.has(one))) {
      // A line that comes back goes on with its channel.
      const line = lines.get(relay) ?? new HubLine(relay, to, deps, onChange)
      const stop = new AbortController()
      lines.set(relay, line)
      running.set(relay, stop)
      void line.keepOpen(AbortSignal.any([signal, stop.signal]))
    }
  }

  const unwatch = deps.transport.watchStatus(({ relays }) => follow(relays))
  signal.addEventListener('abort', unwatch, { once: true })
  follow(deps.transport.status().relays)

  return {
    hubs: () =>
      [...lines.values()]
        .flatMap(({ hub, isUp }) => (hub && isUp ? [hub] : []))
        .map(({ account, peerId, spreadMillionths }) => ({ account, peerId, spreadMillionths }))
        .slice(0, limits.hubsPerOffer),
    lineTo: (account) =>
      [...lines.values()].find(({ hub }) => hub !== null && sameAddress(hub.account, account)) ?? null,
  }
}
