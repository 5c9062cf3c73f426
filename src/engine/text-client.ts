import type { ModelId } from '../domain/model.ts'
import type { ModelText } from '../ports/engine.ts'
import { CallChannel, type WorkerLike } from './worker/call-channel.ts'
import type { TextCalls } from './worker/text-calls.ts'

/** Text of any number of models, in a worker of its own: counting must not wait for a decode step. */
export type TextClient = {
  /** Makes sure that a model can be run, from the head of its file. */
  check(head: Blob): Promise<void>
  open(modelId: ModelId, head: Blob): Promise<ModelText>
}

/** Returns a client whose worker starts with the first call, and anew after it was lost. */
export function createTextClient(openWorker: () => WorkerLike, stallMs: number): TextClient {
  let channel: CallChannel<TextCalls> | null = null
  const connect = () =>
    (channel ??= new CallChannel(openWorker(), { stallMs, onLost: () => (channel = null) }))

  return {
    check: async (head) => connect().call('check', { head }),
    async open(modelId, head) {
      await connect().call('open', { modelId, head })
      /** A worker started since then has to read the head again. */
      const reconnect = async () => {
        const current = connect()
        await current.call('open', { modelId, head })
        return current
      }
      return {
        encodeChat: async (messages) => (await reconnect()).call('encodeChat', { modelId, messages }),
        decode: async (tokenIds) => (await reconnect()).call('decode', { modelId, tokenIds }),
      }
    },
  }
}
