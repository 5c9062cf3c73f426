import { expect, test } from 'vitest'
import type { SignedReceipt } from '../../domain/receipt.ts'
import { MemoryDocumentStore } from '../../storage/memory-document-store.ts'
import { type ServedJob, createServedJobs } from './served-jobs.ts'

const job = (atMs: number, digits: string): ServedJob => ({
  jobId: `0x${digits.repeat(32)}`,
  atMs,
  channelId: `0x${'cc'.repeat(32)}`,
  hub: null,
  paidMicroUsd: 0n,
  promisedMicroUsd: 0n,
  receipt: {} as SignedReceipt,
})

test('a job id is taken once, also after a reload', async () => {
  const documents = new MemoryDocumentStore()
  const id = job(1, 'aa').jobId
  expect(await createServedJobs(documents).take(id)).toBe(true)
  expect(await createServedJobs(documents).take(id)).toBe(false)
  expect(await createServedJobs(documents).take(job(1, 'ab').jobId)).toBe(true)
})

test('jobs come newest first, as many as asked for, each as it was kept last', async () => {
  const served = createServedJobs(new MemoryDocumentStore())
  for (const [atMs, digits] of [
    [900, 'aa'],
    [1_000, 'ab'],
    [70, 'ac'],
  ] as const) {
    await served.keep(job(atMs, digits))
  }
  await served.keep({ ...job(1_000, 'ab'), paidMicroUsd: 5n })
  const kept = (await served.jobs()).map(({ atMs, paidMicroUsd }) => [atMs, paidMicroUsd])
  expect(kept).toEqual([
    [1_000, 5n],
    [900, 0n],
    [70, 0n],
  ])
  expect((await served.jobs(1)).map(({ atMs }) => atMs)).toEqual([1_000])
})

test('claims are kept beside the jobs', async () => {
  const served = createServedJobs(new MemoryDocumentStore())
  const claim = { atMs: 5, transaction: '0x01', settledMicroUsd: 7n, feeMicroUsd: 1n, channels: [] } as const
  await served.keepClaim({ ...claim, channels: [] })
  expect(await served.claims()).toEqual([claim])
  expect(await served.jobs()).toEqual([])
})
