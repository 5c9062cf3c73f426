import { createFrameStream } from '../src/transport/frame-stream.ts'
import { answerStream } from '../src/transport/answer-stream.ts'
import { directoryProtocol } from '../src/protocol/protocols.ts'
import { createCircuitRelay, type RelayNode } from './circuit-relay.ts'
import { DirectoryHost } from './directory-host.ts'
import { startHealthServer } from './health-server.ts'
import { toListenError } from './listen-error.ts'
import { shortPeerId, type RelayLog } from './log.ts'
import type { RelayHealth } from './metrics.ts'
import { OfferBoard } from './offer-board.ts'
import { readOrCreatePeerKey } from './peer-key-file.ts'
import type { RelayOptions } from './relay-options.ts'

/** A running relay. */
export type Relay = {
  peerId: string
  /** Where tabs reach it, with its peer id. */
  multiaddrs: string[]
  /** Address of `/health` and `/metrics`. */
  httpUrl: string
  stop(): Promise<void>
}

/** What a relay is started with; only its data directory has no default. */
export type StartRelayOptions = Partial<RelayOptions> & { dataDir: string; log?: RelayLog }

/**
 * Starts a relay: it introduces tabs, keeps their offers, and says how it is.
 * Ports are free ones and the interface is this machine's own unless told otherwise.
 * @throws RelayError, StorageError `storage/corrupt`
 */
export async function startRelay(options: StartRelayOptions): Promise<Relay> {
  const { port = 0, httpPort = 0, host = '127.0.0.1', announce = [], maxTabs = 5_000 } = options
  const log = options.log ?? (() => {})
  const privateKey = await readOrCreatePeerKey(options.dataDir)
  const node = await createCircuitRelay({ privateKey, host, port, announce, maxTabs })
  const board = new OfferBoard(maxTabs)
  const directory = new DirectoryHost(board, log)
  const startedMs = performance.now()

  await serveDirectory(node, directory)
  const stopNode = async () => {
    directory.stop()
    await node.stop()
  }
  try {
    await node.start()
  } catch (error) {
    await stopNode()
    throw toListenError(error, '--port', port)
  }
  const health = () => relayHealth(node, directory, board, startedMs)
  const http = await startHealthServer(host, httpPort, health).catch(async (error: unknown) => {
    await stopNode()
    throw error
  })
  const { peerId, multiaddrs } = health()
  log('started', { peer: shortPeerId(peerId), addresses: multiaddrs.length, http: http.url })
  return {
    peerId,
    multiaddrs,
    httpUrl: http.url,
    async stop() {
      await http.stop()
      await stopNode()
      log('stopped', { uptimeSeconds: Math.round((performance.now() - startedMs) / 1000) })
    },
  }
}

/** The directory is for tabs that are really here, not for those at the far end of a relayed connection. */
async function serveDirectory(node: RelayNode, directory: DirectoryHost): Promise<void> {
  await node.handle(directoryProtocol.id, (stream, connection) => {
    const frames = createFrameStream(stream, connection.remotePeer.toString(), directoryProtocol)
    void answerStream(frames, (opened) => directory.serve(opened))
  })
}

function relayHealth(
  node: RelayNode,
  directory: DirectoryHost,
  board: OfferBoard,
  startedMs: number,
): RelayHealth {
  return {
    peerId: node.peerId.toString(),
    multiaddrs: node.getMultiaddrs().map(String),
    peers: node.getConnections().length,
    tabs: directory.tabs,
    reservations: node.services.circuitRelay.reservations.size,
    offers: board.size,
    uptimeSeconds: Math.round((performance.now() - startedMs) / 1000),
    ...directory.counts,
  }
}
