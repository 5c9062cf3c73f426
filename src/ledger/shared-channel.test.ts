import fc from 'fast-check'
import { expect, test } from 'vitest'
import type { Hex } from '../domain/bytes.ts'
import { SharedChannel } from './shared-channel.ts'

const jobId = (index: number): Hex => `0x${index.toString(16).padStart(64, '0')}`
const amount = fc.bigInt({ min: 0n, max: 1_000n })
const payments = fc.array(fc.record({ job: fc.nat(4), total: amount, promised: amount }), { maxLength: 60 })

test('one voucher pays for many jobs, and for no more than it promises', () => {
  const channel = new SharedChannel(100n)
  expect(channel.attribute(jobId(1), 40n, 150n)).toBe(40n)
  expect(channel.attribute(jobId(2), 10n, 150n)).toBe(10n)
  expect(channel.attribute(jobId(2), 11n, 150n)).toBe(10n)
  expect(channel.attribute(jobId(2), 11n, 151n)).toBe(11n)
  expect(channel.attribute(jobId(1), 39n, 500n)).toBe(40n)
})

test('whatever comes, in whatever order: no job has more than its total, all together no more than is promised', () => {
  fc.assert(
    fc.property(amount, payments, (baseline, list) => {
      const channel = new SharedChannel(baseline)
      const totals = new Map<number, bigint>()
      let highest = 0n
      for (const { job, total, promised } of list) {
        if (promised > highest) highest = promised
        const before = channel.paidMicroUsd(jobId(job))
        const paid = channel.attribute(jobId(job), total, highest)
        const most = totals.get(job) ?? 0n
        totals.set(job, total > most ? total : most)
        expect(paid >= before && paid <= totals.get(job)!).toBe(true)
        expect(channel.paidMicroUsd(jobId(job))).toBe(paid)
      }
      const sum = [...totals.keys()].reduce((all, job) => all + channel.paidMicroUsd(jobId(job)), 0n)
      expect(channel.attributedMicroUsd).toBe(sum)
      expect(sum <= (highest > baseline ? highest - baseline : 0n)).toBe(true)
    }),
  )
})

test('payments that the vouchers cover are counted in full, in any order and however often they come', () => {
  const chunks = fc.array(fc.tuple(fc.nat(4), fc.bigInt({ min: 1n, max: 50n })), { maxLength: 40 })
  fc.assert(
    fc.property(amount, chunks, fc.infiniteStream(fc.nat()), (baseline, list, order) => {
      const totals = new Map<number, bigint>()
      let promised = baseline
      const sent = list.map(([job, rise]) => {
        promised += rise
        totals.set(job, (totals.get(job) ?? 0n) + rise)
        return { job, total: totals.get(job)!, promised, place: order.next().value as number }
      })
      const channel = new SharedChannel(baseline)
      let highest = baseline
      for (const payment of [...sent.toSorted((a, b) => a.place - b.place), ...sent]) {
        if (payment.promised > highest) highest = payment.promised
        channel.attribute(jobId(payment.job), payment.total, highest)
      }
      for (const [job, total] of totals) expect(channel.paidMicroUsd(jobId(job))).toBe(total)
    }),
  )
})
