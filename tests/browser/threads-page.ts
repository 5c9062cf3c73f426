import { CallChannel } from '../../src/engine/worker/call-channel.ts'
import { readModel } from './engine-page.ts'
import type { Recording, Task, ThreadCalls } from './threads-worker.ts'

/** Computes a task with a model of this repository, in a worker of its own. */
export async function record(folder: string, task: Task): Promise<Recording> {
  const worker = new Worker(new URL('./threads-worker.ts', import.meta.url), { type: 'module' })
  const channel = new CallChannel<ThreadCalls>(worker, { stallMs: 600_000 })
  try {
    return await channel.call('record', { ...task, model: await readModel(folder) })
  } finally {
    channel.end(new Error('It was asked once.'))
  }
}
