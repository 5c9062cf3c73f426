import type { ModelId } from '../domain/model.ts'
import type { FileLayout, ModelText } from '../ports/engine.ts'
import { isLoss } from './is-loss.ts'
import { CallChannel, type WorkerLike } from './worker/call-channel.ts'
import type { TextCalls } from './worker/text-calls.ts'

/** Text of any number of models, in a worker of its own: counting must not wait for a decode step. */
export type TextClient = {
  /** Starts the worker, so that the first call finds it there. */
  warm(): void
  /** Makes sure that a model can be run, from the head of its file. */
  check(head: Blob, layout?: FileLayout): Promise<void>
  open(model: { id: ModelId; manifest: FileLayout }, head: Blob): Promise<ModelText>
}

/** Returns a client whose worker starts when it is warmed or first called, and anew after it was lost. */
export function createTextClient(openWorker: () => WorkerLike, stallMs: number): TextClient {
  let channel: CallChannel<TextCalls> | null = null
  const connect = () =>
    (channel ??= new CallChannel(openWorker(), { stallMs, onLost: () => (channel = null) }))

  /** Asks once more where the worker was lost with the question. */
  const ask = <value>(question: (worker: CallChannel<TextCalls>) => Promise<value>): Promise<value> =>
    question(connect()).catch((error: unknown) => {
      if (isLoss(error)) return question(connect())
      throw error
    })

  return {
    warm: () => void connect(),
    check: (head, layout) => ask((worker) => worker.call('check', { head, layout })),
    async open({ id: modelId, manifest }, head) {
      // Nothing else of the manifest is needed there.
      const layout = { files: manifest.files, ...(manifest.format ? { format: manifest.format } : {}) }
      const { embeddingWidth } = await ask((worker) => worker.call('open', { modelId, head, layout }))
      const askOpen = <value>(question: (worker: CallChannel<TextCalls>) => Promise<value>) =>
        ask(async (worker) => {
          // One that was started since has to read the head again.
          await worker.call('open', { modelId, head, layout })
          return question(worker)
        })
      return {
        embeddingWidth,
        encodeForEmbedding: (text) =>
          askOpen((worker) => worker.call('encodeForEmbedding', { modelId, text })),
        encodeChat: (messages) => askOpen((worker) => worker.call('encodeChat', { modelId, messages })),
        decode: (tokenIds) => askOpen((worker) => worker.call('decode', { modelId, tokenIds })),
      }
    },
  }
}
