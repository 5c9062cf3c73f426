import { ProtocolError } from '../src/errors/index.ts'
import type { StreamHandler } from '../src/ports/transport.ts'
import { type RelayLog, shortPeerId } from './log.ts'

/** Returns a handler that does the same, and logs what broke its protocol or was one request too many. */
export function logRefusals(protocolId: string, answer: StreamHandler, log: RelayLog): StreamHandler {
  return async (stream) => {
    try {
      await answer(stream)
    } catch (error) {
      if (error instanceof ProtocolError) {
        const { code } = error
        log('request-refused', { protocol: protocolId, peer: shortPeerId(stream.remotePeer), code })
      }
      throw error
    }
  }
}
