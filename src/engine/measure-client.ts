import { EngineError } from '../errors/index.ts'
import type { MeasuredModel, MeasureOptions } from '../ports/engine.ts'
import { CallChannel, type WorkerLike } from './worker/call-channel.ts'
import type { MeasureCalls } from './worker/measure-calls.ts'

/** Where a model file is measured. */
export type MeasureClientOptions = { openWorker: () => WorkerLike; stallMs: number; threads: number }

/** Measures a model file, then runs it as volunteers will: each in a worker that gives its memory back. */
export async function measureInWorkers(
  file: Blob,
  { openWorker, stallMs, threads }: MeasureClientOptions,
  { signal, onProgress = () => {} }: MeasureOptions,
): Promise<MeasuredModel> {
  const inWorker = async <name extends keyof MeasureCalls>(
    name: name,
    input: MeasureCalls[name]['input'],
  ): Promise<MeasureCalls[name]['output']> => {
    if (signal?.aborted) throw cancelled()
    const channel = new CallChannel<MeasureCalls>(openWorker(), { stallMs })
    // A compilation cannot be interrupted, so the worker is given up with it.
    const cancel = () => channel.end(cancelled())
    signal?.addEventListener('abort', cancel, { once: true })
    try {
      return await channel.call(name, input, { onEvent: onProgress })
    } finally {
      signal?.removeEventListener('abort', cancel)
      channel.end(cancelled())
    }
  }
  const measured = await inWorker('observe', { file, threads })
  await inWorker('test', { file, measured, threads })
  return measured
}

function cancelled(): EngineError {
  return new EngineError('engine/cancelled', 'Cancelled.')
}
