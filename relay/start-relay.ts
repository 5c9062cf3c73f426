import type { PeerId } from '../src/domain/bytes.ts'
import type { StreamHandler } from '../src/ports/transport.ts'
import { type ProtocolSpec, directoryProtocol, holdersProtocol } from '../src/protocol/protocols.ts'
import { createCircuitRelay, type RelayNode } from './circuit-relay.ts'
import type { RelayHub } from './start-hub.ts'
import { DirectoryHost } from './directory-host.ts'
import { HolderBoard } from './holder-board.ts'
import { HolderDesk } from './holder-desk.ts'
import { startHealthServer } from './health-server.ts'
import { toListenError } from './listen-error.ts'
import { logRefusals } from './log-refusals.ts'
import { shortPeerId, type RelayLog } from './log.ts'
import { OfferBoard } from './offer-board.ts'
import { readOrCreatePeerKey } from './peer-key-file.ts'
import type { RelayHealth } from './relay-health.ts'
import type { RelayOptions } from './relay-options.ts'
import { RecentTroubles } from './recent-troubles.ts'
import { serveProtocol } from './serve-protocol.ts'

/** A tab has one line to the directory, and for a moment a second one when it comes back. */
const directoryStreamsPerPeer = 32
/** Questions of one tab about holders that may be open at a time. */
const holderStreamsPerPeer = 8
/** What one peer may have waiting at a hub, by the longest frames: many lines of payments, a few long questions. */
const hubBytesPerPeer = 1024 * 1024

/** A running relay. */
export type Relay = {
  peerId: string
  /** Where tabs reach it, with its peer id. */
  multiaddrs: string[]
  /** Address of the status page, `/health` and `/metrics`. */
  httpUrl: string
  /** Stops it in order; again is no harm. */
  stop(): Promise<void>
}

/** What a relay is started with; only its data directory has no default. */
export type StartRelayOptions = Partial<Omit<RelayOptions, 'hub'>> & {
  dataDir: string
  log?: RelayLog
  /** Opens the payment hub that runs on this relay. */
  openHub?: (peerId: PeerId, log: RelayLog) => Promise<RelayHub>
}

/**
 * Starts a relay: it introduces tabs, keeps their offers, pays for their answers where it is a hub, and says how it is.
 * Ports are free ones and the interface is this machine's own unless told otherwise.
 * @throws RelayError, StorageError `storage/corrupt`, and what `openHub` throws
 */
export async function startRelay(options: StartRelayOptions): Promise<Relay> {
  const { port = 0, httpPort = 0, host = '127.0.0.1', announce = [], maxTabs = 5_000 } = options
  const troubles = new RecentTroubles(options.log ?? (() => {}))
  const { log } = troubles
  const privateKey = await readOrCreatePeerKey(options.dataDir)
  const node = await createCircuitRelay({ privateKey, host, port, announce, maxTabs })
  const hub = (await options.openHub?.(node.peerId.toString(), log)) ?? null
  const board = new OfferBoard(maxTabs)
  const directory = new DirectoryHost(board, log)
  const holders = new HolderDesk(new HolderBoard(maxTabs))
  node.addEventListener('peer:disconnect', ({ detail: peer }) => holders.forget(peer.toString()))
  const parts: RelayParts = { node, directory, holders, board, hub, troubles, startedMs: performance.now() }

  await serveProtocols(parts)
  try {
    await node.start()
  } catch (error) {
    await stopParts(parts)
    throw toListenError(error, '--port', port)
  }
  const health = () => relayHealth(parts)
  const http = await startHealthServer(host, httpPort, health).catch(async (error: unknown) => {
    await stopParts(parts)
    throw error
  })
  const { peerId, multiaddrs } = health()
  let stopping: Promise<void> | null = null
  const stop = async () => {
    await http.stop()
    await stopParts(parts)
    log('stopped', { uptimeSeconds: relayUptimeSeconds(parts) })
  }
  log('started', { peer: shortPeerId(peerId), addresses: multiaddrs.length, http: http.url })
  return {
    peerId,
    multiaddrs,
    httpUrl: http.url,
    stop: () => (stopping ??= stop()),
  }
}

/** What a relay consists of. */
type RelayParts = {
  node: RelayNode
  directory: DirectoryHost
  holders: HolderDesk
  board: OfferBoard
  hub: RelayHub | null
  troubles: RecentTroubles
  startedMs: number
}

/** The directory logs and counts by itself what it refuses. */
async function serveProtocols({ node, directory, holders, hub, troubles }: RelayParts): Promise<void> {
  const serve = (spec: ProtocolSpec, answer: StreamHandler, maxStreams: number) =>
    serveProtocol(node, spec, logRefusals(spec.id, answer, troubles.log), maxStreams)
  await serveProtocol(node, directoryProtocol, (stream) => directory.serve(stream), directoryStreamsPerPeer)
  await serve(holdersProtocol, (stream) => holders.serve(stream), holderStreamsPerPeer)
  for (const { spec, answer } of hub?.protocols ?? []) {
    await serve(spec, answer, hubBytesPerPeer / spec.maxFrameBytes)
  }
}

/** The hub first: it takes nothing new, claims, and closes its books while tabs are still told why. */
async function stopParts({ node, directory, hub }: RelayParts): Promise<void> {
  for (const { spec } of hub?.protocols ?? []) await node.unhandle(spec.id)
  try {
    await hub?.stop()
  } finally {
    directory.stop()
    await node.stop()
  }
}

function relayHealth(parts: RelayParts): RelayHealth {
  const { node, directory, holders, board, hub, troubles } = parts
  return {
    peerId: node.peerId.toString(),
    multiaddrs: node.getMultiaddrs().map(String),
    peers: node.getConnections().length,
    tabs: directory.tabs,
    reservations: node.services.circuitRelay.reservations.size,
    offers: board.size,
    lenders: holders.tabs,
    uptimeSeconds: relayUptimeSeconds(parts),
    ...directory.counts,
    malformed: directory.counts.malformed + troubles.counts.malformed,
    limited: directory.counts.limited + troubles.counts.limited,
    hub: hub?.status() ?? null,
    troubles: troubles.latest(),
    refusals: troubles.refusals(),
  }
}

function relayUptimeSeconds({ startedMs }: RelayParts): number {
  return Math.round((performance.now() - startedMs) / 1000)
}
