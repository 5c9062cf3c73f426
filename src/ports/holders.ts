import type { PeerId } from '../domain/bytes.ts'
import type { ModelId } from '../domain/model.ts'

/** Tabs that say they hold a model, or parts of it. */
export type ModelHolders = {
  /** Some of them, in no order; never this tab. */
  peers: PeerId[]
  /** How many there are, this tab included. */
  count: number
}

/** Who holds which models, now. Kept by the relays; one that holds nothing shows when it is asked for a piece. */
export interface Holders {
  /**
   * Says that this tab lends these models, in place of what it said before. It is forgotten after
   * `limits.holdingLifetimeSeconds`, and at once when the tab leaves.
   * @throws TransportError `transport/no-relay`
   */
  announce(models: ModelId[]): Promise<void>
  /** @throws TransportError `transport/no-relay` */
  find(model: ModelId, signal?: AbortSignal): Promise<ModelHolders>
}
