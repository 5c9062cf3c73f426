import type { PeerId } from '../../src/domain/bytes.ts'
import type { Network } from '../../src/domain/network.ts'
import type { Chain, Clock, Signer } from '../../src/ports/index.ts'
import type { StreamHandler } from '../../src/ports/transport.ts'
import type { ProtocolSpec } from '../../src/protocol/protocols.ts'
import type { RelayLog } from '../log.ts'
import type { HubStore } from './books/hub-store.ts'
import type { HubPolicy } from './hub-policy.ts'

/** What a hub is made of. */
export type HubDeps = {
  network: Network
  chain: Chain
  /** The hub's account: receives, pays, signs, and sends transactions. */
  signer: Signer
  /** The relay that it runs on. */
  peerId: PeerId
  store: HubStore
  clock: Clock
  log: RelayLog
  policy: HubPolicy
}

/** A protocol that a hub answers, and how. */
export type HubProtocol = { spec: ProtocolSpec; answer: StreamHandler }
