import type { Connection, Libp2p } from '@libp2p/interface'
import { peerIdFromString } from '@libp2p/peer-id'
import { multiaddr } from '@multiformats/multiaddr'
import type { PeerId } from '../domain/bytes.ts'
import { TransportError } from '../errors/index.ts'
import { findDirect } from './direct-connection.ts'
import type { Relay, RelayKeeper } from './relay-keeper.ts'
import { abortedWait, noRelay, unreachable } from './stream-errors.ts'

/** A dial either succeeds within two seconds or hangs; the later attempts are for slow machines. */
const attemptTimeoutsMs = [4_000, 6_000, 8_000]

/** A page that has just been opened dials before its relay is there. */
const relayTimeoutMs = 5_000

/** After a quick refusal: the other tab may be about to reserve its place on the relay again. */
const pauseMs = 500

/**
 * Dials a tab through the relays and returns the direct link.
 * @throws TransportError `transport/no-relay`, `transport/peer-unreachable`, `transport/not-direct`, `transport/timeout`
 */
export async function dialDirect(
  node: Libp2p,
  keeper: RelayKeeper,
  peer: PeerId,
  signal: AbortSignal,
): Promise<Connection> {
  await keeper.untilConnected(AbortSignal.any([signal, AbortSignal.timeout(relayTimeoutMs)]))
  let failure: TransportError | null = null
  for (const timeoutMs of attemptTimeoutsMs) {
    if (signal.aborted) throw abortedWait(signal)
    try {
      return await dialOnce(
        node,
        keeper.connected(),
        peer,
        AbortSignal.any([signal, AbortSignal.timeout(timeoutMs)]),
      )
    } catch (error) {
      if (signal.aborted) throw abortedWait(signal)
      failure = toTransportError(error)
      await new Promise((resolve) => setTimeout(resolve, pauseMs))
    }
  }
  throw failure ?? unreachable()
}

async function dialOnce(
  node: Libp2p,
  relays: readonly Relay[],
  peer: PeerId,
  signal: AbortSignal,
): Promise<Connection> {
  if (relays.length === 0) throw noRelay()
  const peerId = peerIdFromString(peer)
  const addresses = relays.map(({ address }) => multiaddr(`${address}/p2p-circuit/webrtc/p2p/${peer}`))
  const dialled = await node.dial(addresses, { signal })
  const direct = findDirect([dialled, ...node.getConnections(peerId)])
  if (direct) return direct
  throw new TransportError('transport/not-direct', 'No direct link to the other tab came about.')
}

function toTransportError(error: unknown): TransportError {
  if (error instanceof TransportError) return error
  const timedOut = error instanceof Error && ['TimeoutError', 'AbortError'].includes(error.name)
  if (timedOut) {
    return new TransportError('transport/timeout', 'The other tab took too long.', { cause: error })
  }
  return unreachable(error)
}
