import fc from 'fast-check'
import { expect, test } from 'vitest'
import {
  balanceMicroUsd,
  lossesOf,
  nothing,
  openForwarder,
  otherPayer,
  payees,
  payer,
  voucherOf,
} from '../../../tests/fixtures/hub-forwarder.ts'
import { network } from '../../../tests/fixtures/jobs.ts'
import { hubJob } from '../../../tests/fixtures/hub-world.ts'
import { promisedBy } from '../../../src/domain/channel.ts'
import { withSpread } from '../../../src/domain/hub.ts'
import { BaseError, StorageError } from '../../../src/errors/index.ts'
import { verifyVoucher } from '../../../src/ledger/verify-voucher.ts'

const payers = [payer, otherPayer]
const ceilingMicroUsd = 4_000n
const jobs = payers.flatMap((from, row) =>
  payees.slice(0, 2).map((to, column) => hubJob(10 + row * 2 + column, from, to, ceilingMicroUsd)),
)

const amount = (max: bigint) => fc.bigInt({ min: 0n, max })
/** A payment as any requester might send it; most are honest in form, few are covered. */
const payment = fc.record({
  job: fc.nat(jobs.length - 1),
  charge: amount(ceilingMicroUsd + 200n),
  promised: amount(balanceMicroUsd + 500n),
  signer: fc.nat(9).map((n) => (n === 0 ? ('other' as const) : ('own' as const))),
})
const fee = fc.record({ payer: fc.nat(1), fee: amount(500n), promised: amount(balanceMicroUsd) })
/** Whatever comes at the same time, and whether the disk takes it. */
const moment = fc.record({
  payments: fc.array(payment, { minLength: 1, maxLength: 6 }),
  fees: fc.array(fee, { maxLength: 1 }),
  isDiskFull: fc.nat(9).map((n) => n === 0),
})

test('whatever requesters send, and whenever the disk fails, every account adds up and nobody loses', async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(moment, { minLength: 1, maxLength: 5 }), async (moments) => {
      const opened = await openForwarder()
      for (const job of jobs) await opened.store.addJob(job)
      const acknowledged = new Map(jobs.map(({ jobId }) => [jobId, 0n]))
      for (const { payments, fees, isDiskFull } of moments) {
        opened.store.onWrite = async () => {
          if (isDiskFull) throw new StorageError('storage/quota', 'Full.')
        }
        const paid = payments.map(async ({ job: index, charge, promised, signer }) => {
          const job = jobs[index]!
          const [own, other] = index < 2 ? [payer, otherPayer] : [otherPayer, payer]
          const { channel } = own
          const signed = signer === 'own' ? own : { ...other, channel }
          await opened.pay(charge, await voucherOf(promised, signed), job.jobId)
          if (charge > acknowledged.get(job.jobId)!) acknowledged.set(job.jobId, charge)
        })
        const taken = fees.map(async ({ payer: index, fee: feeMicroUsd, promised }) => {
          const { channelId } = payers[index]!.channel
          const voucher = await voucherOf(promised, payers[index])
          await opened.store.addFee({ channelId, feeMicroUsd, atMs: 0 }, voucher)
        })
        const outcomes = await Promise.allSettled([...paid, ...taken])
        for (const one of outcomes)
          if (one.status === 'rejected') expect(one.reason).toBeInstanceOf(BaseError)
        await expectSound(opened.store, acknowledged)
      }
    }),
    { numRuns: 60 },
  )
})

type Store = Awaited<ReturnType<typeof openForwarder>>['store']

async function expectSound(store: Store, acknowledged: Map<`0x${string}`, bigint>): Promise<void> {
  const kept = await Promise.all(jobs.map(async ({ jobId }) => (await store.job(jobId))!))
  for (const { jobId, chargeMicroUsd } of kept) {
    expect(chargeMicroUsd).toBe(acknowledged.get(jobId))
    expect(chargeMicroUsd).toBeLessThanOrEqual(ceilingMicroUsd)
  }
  for (const { channel } of payees) {
    const charges = kept.filter(({ payeeChannelId }) => payeeChannelId === channel.channelId)
    const voucher = (await store.channel(channel.channelId, 'payer'))?.voucher
    expect(promisedBy(voucher)).toBe(charges.reduce((sum, job) => sum + job.chargeMicroUsd, 0n))
  }
  let spent = (await store.totals()).feesMicroUsd
  let attributed = 0n
  for (const { channel } of payers) {
    const voucher = (await store.channel(channel.channelId, 'receiver'))?.voucher ?? null
    const own = await store.attributed(channel.channelId)
    expect(own).toBeLessThanOrEqual(promisedBy(voucher))
    if (voucher) {
      const { channelId, config } = channel
      await verifyVoucher(voucher, { channelId, payerAuthorizer: config.payerAuthorizer }, network)
    }
    attributed += own
  }
  for (const job of kept) spent += withSpread(job.chargeMicroUsd, job)
  expect(attributed).toBe(spent)
  const charged = [...acknowledged.values()].reduce((sum, charge) => sum + charge, 0n)
  expect(await lossesOf(store, charged)).toEqual(nothing)
}
