import type { DirectoryCounts } from './directory-host.ts'
import type { HubStatus } from './hub-status.ts'
import type { Trouble } from './recent-troubles.ts'

/** What the relay tells about itself; figures only, nobody's address but its own. */
export type RelayHealth = DirectoryCounts & {
  peerId: string
  multiaddrs: string[]
  /** Connections now. */
  peers: number
  /** Tabs with a line to the directory. */
  tabs: number
  /** Tabs that can be dialled. */
  reservations: number
  offers: number
  /** Tabs that lend the bytes of models. */
  lenders: number
  uptimeSeconds: number
  /** Null when this relay is no hub. */
  hub: HubStatus | null
  /** What went wrong here, the latest first. */
  troubles: Trouble[]
  /** What others were refused, the latest first. */
  refusals: Trouble[]
}
