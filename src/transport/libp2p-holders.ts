import type { PeerId } from '../domain/bytes.ts'
import type { ModelId } from '../domain/model.ts'
import { TransportError } from '../errors/index.ts'
import type { Holders, ModelHolders } from '../ports/holders.ts'
import { encodeFrame, parseFrame } from '../protocol/frame-codec.ts'
import { type HolderAnswer, type HolderRequest, holderAnswerSchema } from '../protocol/holder-messages.ts'
import { holdersProtocol } from '../protocol/protocols.ts'
import type { RelayLinks } from './relay-links.ts'
import { noRelay, streamReset } from './stream-errors.ts'

const answerTimeoutMs = 5_000

/** Returns who holds which models, as the relays that this tab is connected to tell it together. */
export function createLibp2pHolders(links: RelayLinks, ownPeerId: PeerId): Holders {
  const askAll = async (request: HolderRequest, signal?: AbortSignal): Promise<HolderAnswer[]> => {
    const asked = links.connected().map((relay) => askRelay(links, relay, request, signal))
    const settled = await Promise.allSettled(asked)
    const answers = settled.flatMap((one) => (one.status === 'fulfilled' ? [one.value] : []))
    if (answers.length > 0) return answers
    throw noRelay(settled.find((one) => one.status === 'rejected')?.reason)
  }
  return {
    async announce(models) {
      await askAll({ type: 'announce', models })
    },
    async find(modelId: ModelId, signal): Promise<ModelHolders> {
      const answers = await askAll({ type: 'find', modelId }, signal)
      const told = answers.filter((answer) => answer.type === 'holders')
      const peers = new Set(told.flatMap((answer) => answer.peers))
      peers.delete(ownPeerId)
      // Tabs tell every relay, so the largest count is the best.
      return { peers: [...peers], count: Math.max(0, ...told.map(({ count }) => count)) }
    },
  }
}

async function askRelay(
  links: RelayLinks,
  relay: PeerId,
  request: HolderRequest,
  signal?: AbortSignal,
): Promise<HolderAnswer> {
  const timeout = AbortSignal.timeout(answerTimeoutMs)
  const within = signal ? AbortSignal.any([signal, timeout]) : timeout
  const stream = await links.open(relay, holdersProtocol, within)
  try {
    await stream.write(encodeFrame(request))
    const frame = await stream.read(within)
    if (!frame) throw streamReset()
    const answer = parseFrame(holderAnswerSchema, frame)
    if (answer.type === 'refused')
      throw new TransportError('transport/stream-reset', answer.error.shortMessage)
    void stream.close()
    return answer
  } catch (error) {
    stream.abort(error instanceof Error ? error : streamReset(error))
    throw error
  }
}
