import type { ChatMessage } from '../src/domain/job.ts'
import type { Timing } from './stopwatch.ts'
import type { TransformersCall, TransformersChoice } from './transformers-worker.ts'

// A browser may run the page's own thread before others: all engines compute in workers.
let worker: Worker

/** Loads a folder of this origin into transformers.js. */
export async function loadTransformers(folder: string, choice: TransformersChoice): Promise<void> {
  worker = new Worker(new URL('./transformers-worker.ts', import.meta.url), { type: 'module' })
  await call({ name: 'load', args: [folder, choice] })
}

/** Answers greedily by `generate()`, clocked in the worker. */
export async function askTransformers(
  conversation: ChatMessage[],
  maxTokens: number,
): Promise<Timing & { text: string }> {
  return (await call({ name: 'ask', args: [conversation, maxTokens] })) as Timing & { text: string }
}

function call(message: TransformersCall): Promise<unknown> {
  const { port1, port2 } = new MessageChannel()
  return new Promise((resolve, reject) => {
    worker.addEventListener('error', ({ message: reason }) => reject(new Error(reason)), { once: true })
    port1.onmessage = ({ data }: MessageEvent<{ value: unknown } | { error: string }>) => {
      if ('error' in data) reject(new Error(data.error))
      else resolve(data.value)
      port1.close()
    }
    worker.postMessage(message, [port2])
  })
}
