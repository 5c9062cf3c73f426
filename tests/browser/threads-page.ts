import { CallChannel } from '../../src/engine/worker/call-channel.ts'
import type { RecordedAnswer } from '../fixtures/llama/recorded-answer.ts'
import { readModel } from './engine-page.ts'
import type { Recording, ThreadCalls } from './threads-worker.ts'

/** What a call takes besides the model, which is one of this repository. */
type TaskOf<name extends keyof ThreadCalls> = Omit<ThreadCalls[name]['input'], 'model'>

/** Computes a task in a worker of its own. */
export const record = (folder: string, task: TaskOf<'record'>): Promise<Recording> =>
  inWorker(async (worker) => worker.call('record', { ...task, model: await readModel(folder) }))

/** Answers requests one after the other. */
export const answerAlone = (folder: string, task: TaskOf<'answerAlone'>): Promise<RecordedAnswer[]> =>
  inWorker(async (worker) => worker.call('answerAlone', { ...task, model: await readModel(folder) }))

/** Lets requests join and leave at random. */
export const runSchedule = (
  folder: string,
  task: TaskOf<'runSchedule'>,
): Promise<ThreadCalls['runSchedule']['output']> =>
  inWorker(async (worker) => worker.call('runSchedule', { ...task, model: await readModel(folder) }))

async function inWorker<output>(ask: (worker: CallChannel<ThreadCalls>) => Promise<output>): Promise<output> {
  const worker = new Worker(new URL('./threads-worker.ts', import.meta.url), { type: 'module' })
  const channel = new CallChannel<ThreadCalls>(worker, { stallMs: 600_000 })
  try {
    return await ask(channel)
  } finally {
    channel.end(new Error('It was asked once.'))
  }
}
