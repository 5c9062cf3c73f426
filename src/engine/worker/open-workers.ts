import type { WorkerLike } from './call-channel.ts'

/** Starts a worker that runs a model. */
export function openModelWorker(): WorkerLike {
  return new Worker(new URL('./model-worker.ts', import.meta.url), { type: 'module', name: 'model' })
}

/** Starts a worker that reads and writes text. */
export function openTextWorker(): WorkerLike {
  return new Worker(new URL('./text-worker.ts', import.meta.url), { type: 'module', name: 'text' })
}

/** Starts a worker that measures a model file. */
export function openMeasureWorker(): WorkerLike {
  return new Worker(new URL('./measure-worker.ts', import.meta.url), { type: 'module', name: 'measure' })
}
