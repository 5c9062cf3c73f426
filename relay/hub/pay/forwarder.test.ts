import { expect, test } from 'vitest'
import {
  job,
  lossesOf,
  nothing,
  openForwarder,
  otherPayer,
  payee,
  payees,
  payer,
  sessionEndsAtSeconds,
  voucherOf,
} from '../../../tests/fixtures/hub-forwarder.ts'
import { hubJob, hubSigner } from '../../../tests/fixtures/hub-world.ts'
import { network } from '../../../tests/fixtures/jobs.ts'
import type { Hex } from '../../../src/domain/bytes.ts'
import { StorageError } from '../../../src/errors/index.ts'
import { verifyVoucher } from '../../../src/ledger/verify-voucher.ts'
import type { HubStore } from '../books/hub-store.ts'

test('a payment is handed on by a voucher that the provider can claim', async () => {
  const { store, pay } = await openForwarder()
  const outgoing = await pay(1_000n, await voucherOf(1_020n))
  expect(outgoing.maxClaimableAmount).toBe(1_000n)
  const { channelId } = payee.channel
  await verifyVoucher(outgoing, { channelId, payerAuthorizer: hubSigner.address }, network)
  expect((await store.channel(channelId, 'payer'))?.voucher).toEqual(outgoing)
  expect(await store.attributed(payer.channel.channelId)).toBe(1_020n)
  expect(await lossesOf(store, 1_000n)).toEqual(nothing)
})

test('a payment that was kept is answered alike, and neither signed nor written again', async () => {
  const { world, store, pay } = await openForwarder()
  const voucher = await voucherOf(1_020n)
  const first = await pay(1_000n, voucher)
  expect(await pay(1_000n, voucher)).toEqual(first)
  expect(await pay(1_000n, await voucherOf(3n))).toEqual(first)
  expect(world.signatures).toBe(1)
  expect(store.writes).toBe(1)
})

test('messages may cross: a lower voucher, even unsigned, serves while a higher one covers it', async () => {
  const { world, store, pay } = await openForwarder()
  await pay(1_000n, await voucherOf(4_000n))
  world.nowMs = sessionEndsAtSeconds * 1000
  const unsigned = { ...(await voucherOf(2_040n)), signature: `0x${'00'.repeat(65)}` as Hex }
  expect((await pay(2_000n, unsigned)).maxClaimableAmount).toBe(2_000n)
  expect((await store.channel(payer.channel.channelId, 'receiver'))?.voucher).toEqual(await voucherOf(4_000n))
})

test('money that is being withdrawn is not handed on, whatever was promised of it before', async () => {
  const { world, store, pay } = await openForwarder()
  await pay(1_000n, await voucherOf(4_000n))
  world.coveredMicroUsd = 2_000n
  await expect(pay(2_000n, await voucherOf(4_000n))).rejects.toMatchObject({ code: 'ledger/over-balance' })
  expect((await pay(1_900n, await voucherOf(4_000n))).maxClaimableAmount).toBe(1_900n)
  expect(await lossesOf(store, 1_900n, world.coveredMicroUsd)).toEqual(nothing)
})

test('a higher voucher without a charge is kept for what comes', async () => {
  const { store, pay } = await openForwarder()
  expect((await pay(0n, await voucherOf(2_040n))).maxClaimableAmount).toBe(0n)
  expect((await store.channel(payer.channel.channelId, 'receiver'))?.voucher).toEqual(await voucherOf(2_040n))
  expect((await pay(2_000n, await voucherOf(1n))).maxClaimableAmount).toBe(2_000n)
})

/** Ten jobs of each payer with each payee. */
async function openJobs(store: HubStore) {
  const jobs = [payer, otherPayer].flatMap((from, row) =>
    payees.flatMap((to, column) =>
      Array.from({ length: 10 }, (_, index) =>
        hubJob(1000 + row * 100 + column * 10 + index, from, to, 200n),
      ),
    ),
  )
  for (const one of jobs) await store.addJob(one)
  return jobs
}

test('payments that come together cost one signature per provider and one write', async () => {
  const { world, store, pay } = await openForwarder()
  const jobs = await openJobs(store)
  const vouchers = new Map([
    [payer.channel.channelId, await voucherOf(3_060n)],
    [otherPayer.channel.channelId, await voucherOf(3_060n, otherPayer)],
  ])
  const paid = await Promise.all(jobs.map((one) => pay(100n, vouchers.get(one.payerChannelId)!, one.jobId)))
  expect(store.writes).toBeLessThan(jobs.length / 2)
  expect(world.signatures).toBeLessThanOrEqual(store.writes * payees.length)
  const highest = new Map(paid.map((voucher) => [voucher.channelId, voucher.maxClaimableAmount]))
  expect([...highest.values()]).toEqual([2_000n, 2_000n, 2_000n])
  expect(await lossesOf(store, 6_000n)).toEqual(nothing)
})

test('a payment that breaks a rule does not stop those beside it', async () => {
  const { store, pay } = await openForwarder()
  const jobs = (await openJobs(store)).filter(
    ({ payerChannelId }) => payerChannelId === payer.channel.channelId,
  )
  // Promises 20 payments of 100 with the spread, and 30 come at once.
  const voucher = await voucherOf(2_040n)
  const outcomes = await Promise.allSettled(jobs.map((one) => pay(100n, voucher, one.jobId)))
  expect(outcomes.filter(({ status }) => status === 'fulfilled')).toHaveLength(20)
  const refused = outcomes.filter((outcome) => outcome.status === 'rejected')
  expect(refused.map(({ reason }) => reason.code)).toEqual(refused.map(() => 'ledger/unattributed'))
  expect(await store.attributed(payer.channel.channelId)).toBe(2_040n)
  expect(await lossesOf(store, 2_000n)).toEqual(nothing)
})

test('a fee that is taken while payments are signed refuses only what it left no money for', async () => {
  const { store, pay } = await openForwarder()
  const jobs = await openJobs(store)
  const own = jobs.filter(({ payerChannelId }) => payerChannelId === payer.channel.channelId).slice(0, 10)
  const other = jobs.find(({ payerChannelId }) => payerChannelId === otherPayer.channel.channelId)!
  const [voucher, otherVoucher] = [await voucherOf(1_020n), await voucherOf(1_020n, otherPayer)]
  store.onWrite = async () => {
    store.onWrite = async () => {}
    await store.addFee({ channelId: payer.channel.channelId, feeMicroUsd: 150n, atMs: 0 }, voucher)
  }
  const outcomes = await Promise.allSettled([
    ...own.map((one) => pay(100n, voucher, one.jobId)),
    pay(100n, otherVoucher, other.jobId),
  ])
  const statuses = outcomes.map(({ status }) => status)
  expect(statuses.filter((status) => status === 'rejected')).toHaveLength(2)
  expect(statuses.at(-1)).toBe('fulfilled')
  expect(await store.attributed(payer.channel.channelId)).toBe(8n * 102n + 150n)
  expect(await lossesOf(store, 900n)).toEqual(nothing)
})

test('a disk that fails keeps nothing, and the payment can be made again', async () => {
  const { store, pay } = await openForwarder()
  store.onWrite = async () => {
    throw new StorageError('storage/quota', 'Full.')
  }
  const voucher = await voucherOf(1_020n)
  await expect(pay(1_000n, voucher)).rejects.toMatchObject({ code: 'storage/quota' })
  expect((await store.job(job.jobId))?.chargeMicroUsd).toBe(0n)
  expect(await lossesOf(store, 0n)).toEqual(nothing)
  store.onWrite = async () => {}
  expect((await pay(1_000n, voucher)).maxClaimableAmount).toBe(1_000n)
})
