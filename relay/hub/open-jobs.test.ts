import { expect, test } from 'vitest'
import { ManualClock } from '../../src/device/manual-clock.ts'
import type { FrameStream } from '../../src/ports/index.ts'
import { hubJob, hubPayee, hubPayer } from '../../tests/fixtures/hub-world.ts'
import { OpenJobs, graceMs, jobsPerChannel } from './open-jobs.ts'

const payer = hubPayer(1)
const payee = hubPayee(1)
const { channelId } = payer.channel
const voucher = { channelId: payee.channel.channelId, maxClaimableAmount: 1_000n, signature: '0x' } as const

function lineOf() {
  const line = { aborted: false, remotePeer: 'peer' } as FrameStream & { aborted: boolean }
  line.abort = () => void (line.aborted = true)
  return line
}

function openJobs() {
  const clock = new ManualClock()
  return { clock, jobs: new OpenJobs(clock) }
}

const job = (n: number) => hubJob(n, payer, payee, 10_000n)

test('reserves the ceiling with the spread of a requester, and without it for a provider', () => {
  const { jobs } = openJobs()
  jobs.hold(job(1), null, lineOf())
  jobs.hold(job(2), null, lineOf())
  expect(jobs.reservedOf(channelId)).toBe(20_400n)
  expect(jobs.reservedOf(channelId, job(1).jobId)).toBe(10_200n)
  expect(jobs.reservedFor(payee.channel.channelId)).toBe(20_000n)
  jobs.charge(job(1).jobId, 4_000n, voucher)
  expect(jobs.reservedOf(channelId)).toBe(20_400n - 4_080n)
  expect(jobs.reservedFor(payee.channel.channelId)).toBe(16_000n)
  jobs.charge(job(1).jobId, 3_000n, voucher)
  expect(jobs.jobsOn(payee.channel.channelId)[0]).toMatchObject({ chargeMicroUsd: 4_000n })
})

test('a broken line keeps its money for a grace, a finished one frees it at once', async () => {
  const { jobs, clock } = openJobs()
  const [broken, finished] = [lineOf(), lineOf()]
  jobs.hold(job(1), null, broken)
  jobs.hold(job(2), null, finished)
  jobs.release(job(1).jobId, broken, false)
  jobs.release(job(2).jobId, finished, true)
  expect(jobs.reservedOf(channelId)).toBe(10_200n)
  expect(jobs.size).toBe(0)
  await clock.advance(graceMs - 1)
  expect(jobs.jobsOn(payee.channel.channelId)).toHaveLength(2)
  expect(jobs.reservedOf(channelId)).toBe(10_200n)
  await clock.advance(1)
  expect(jobs.reservedOf(channelId)).toBe(0n)
  expect(jobs.jobsOn(payee.channel.channelId)).toHaveLength(0)
})

test('a newer line cuts the older, takes over what was paid, and outlives the older’s grace', async () => {
  const { jobs, clock } = openJobs()
  const [older, newer] = [lineOf(), lineOf()]
  jobs.hold(job(1), null, older)
  jobs.charge(job(1).jobId, 4_000n, voucher)
  // Read from disk before that payment was kept.
  jobs.hold(job(1), null, newer)
  expect(older.aborted).toBe(true)
  expect(jobs.reservedFor(payee.channel.channelId)).toBe(6_000n)
  jobs.release(job(1).jobId, older, true)
  await clock.advance(graceMs)
  expect(jobs.jobsOn(payee.channel.channelId)).toMatchObject([{ chargeMicroUsd: 4_000n, voucher }])
})

test('bounds the jobs of a channel', () => {
  const { jobs } = openJobs()
  for (let n = 1; n <= jobsPerChannel; n++) jobs.hold(job(n), null, lineOf())
  expect(() => jobs.hold(job(1_000), null, lineOf())).toThrow(/too many jobs/)
  expect(() => jobs.hold(job(1), null, lineOf())).not.toThrow()
})

test('keeps jobs off a channel that is being paid back, and a payback off one that pays', () => {
  const { jobs } = openJobs()
  const letOn = jobs.freeze(channelId)
  expect(() => jobs.hold(job(1), null, lineOf())).toThrow(/paid back/)
  expect(() => jobs.freeze(channelId)).toThrow(/paying for an answer/)
  letOn()
  jobs.hold(job(1), null, lineOf())
  expect(() => jobs.freeze(channelId)).toThrow(/paying for an answer/)
})
