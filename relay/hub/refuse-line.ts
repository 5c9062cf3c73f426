import {
  BaseError,
  ChainError,
  HubError,
  type PeerError,
  StorageError,
  TransportError,
} from '../../src/errors/index.ts'
import type { Clock, FrameStream } from '../../src/ports/index.ts'
import { type RelayLog, shortPeerId } from '../log.ts'
import { writeMessage } from './frame-line.ts'

const failed = new HubError('hub/busy', 'The hub could not do this now.')
const chainSilent = new HubError('hub/busy', 'The hub cannot deal with the chain now.')

/** Returns what a peer is told: of the hub's own trouble only that it may try again. */
function refusalOf(error: unknown): PeerError {
  if (error instanceof ChainError) return chainSilent.toPeer()
  const isOwn = error instanceof StorageError || !(error instanceof BaseError)
  return (isOwn ? failed : error).toPeer()
}

/**
 * Ends a line with the reason. One that broke is told nothing: its peer opens the next.
 * @throws TransportError when the line is broken
 */
export async function refuseLine(
  stream: FrameStream,
  error: unknown,
  { event, log, clock }: { event: string; log: RelayLog; clock: Clock },
): Promise<void> {
  if (error instanceof TransportError) throw error
  const { code, details } = error instanceof BaseError ? error : { code: String(error), details: undefined }
  log(event, { peer: shortPeerId(stream.remotePeer), code, ...(details && { details }) })
  await writeMessage(stream, { type: 'refused', error: refusalOf(error) }, clock)
}
