import type { BaseError } from '../../src/errors/index.ts'
import type { HubJobRecord } from '../../relay/hub/books/hub-store.ts'
import { channelRecord, voucherOf } from '../fixtures/channel.ts'
import { type ConformanceCase, assertEqual, assertRejects } from './case.ts'
import type { HubStoreSubject } from './hub-store.ts'

const { channelId } = channelRecord('01')
const other = channelRecord('03').channelId

function jobOf(digits: string, openedAtMs: number): HubJobRecord {
  return {
    jobId: channelRecord(digits).channelId,
    payerChannelId: channelId,
    provider: channelRecord('02').config.receiver,
    payeeChannelId: channelRecord('02').channelId,
    ceilingMicroUsd: 1_000n,
    spreadMillionths: 0,
    chargeMicroUsd: 0n,
    openedAtMs,
  }
}

/** What keeps a hub's books quick to read and small. */
export const hubStoreUpkeepCases: ConformanceCase<HubStoreSubject>[] = [
  {
    name: 'tells channels with more used up than claimed, by value and not by text',
    async run({ open }) {
      const store = await open()
      for (const digits of ['01', '03']) await store.addChannel(channelRecord(digits, 'receiver'))
      await store.addChannel(channelRecord('02', 'payer'))
      assertEqual(await store.unclaimed(), [], 'nothing earned')
      const fee = { channelId, feeMicroUsd: 100n, atMs: 0 }
      await store.addFee(fee, voucherOf('01', 100n))
      const earned = { channelId, claimedMicroUsd: 99n, attributedMicroUsd: 100n }
      await store.raiseClaimed(channelId, 99n)
      assertSame(await store.unclaimed(), [earned])
      await store.raiseClaimed(channelId, 100n)
      assertEqual(await store.unclaimed(), [], 'all claimed')
      const huge = 2n ** 100n
      await store.addFee({ ...fee, channelId: other, feeMicroUsd: huge }, voucherOf('03', huge))
      await store.raiseClaimed(other, huge - 1n)
      assertSame(await store.unclaimed(), [
        { channelId: other, claimedMicroUsd: huge - 1n, attributedMicroUsd: huge },
      ])
    },
  },
  {
    name: 'tells for which deposits a fee was paid, as long as the fee is kept',
    async run({ open }) {
      const store = await open()
      await store.addChannel(channelRecord('01', 'receiver'))
      const fee = { channelId, feeMicroUsd: 5n, atMs: 1_000 }
      const known = () => Promise.all([store.hasFeeFor('0x0a'), store.hasFeeFor('0x0b')])
      const refused = store.addFee({ ...fee, deposit: '0x0a' }, voucherOf('01', 4n))
      await assertRejects(refused, 'ledger/unattributed')
      await store.addFee(fee, voucherOf('01', 10n))
      assertEqual(await known(), [false, false], 'before')
      await store.addFee({ ...fee, deposit: '0x0a' }, voucherOf('01', 10n))
      assertEqual(await known(), [true, false], 'paid')
      const prune = (allBeforeMs: number) =>
        store.prune({ unpaidBeforeMs: 0, allBeforeMs, openJobs: new Set() })
      await prune(1_000)
      assertEqual(await known(), [true, false], 'while it is kept')
      await prune(1_001)
      assertEqual(await known(), [false, false], 'when it is forgotten')
    },
  },
  {
    name: 'tells when claims were noted last, those of refunds too',
    async run({ open }) {
      const store = await open()
      for (const digits of ['01', '03', '04']) await store.addChannel(channelRecord(digits, 'receiver'))
      await store.raiseClaimed(channelId, 5n, 1_000)
      await store.raiseClaimed(channelRecord('04').channelId, 6n)
      const refund = {
        channelId: other,
        number: 0n,
        totalClaimedMicroUsd: 7n,
        feeMicroUsd: 7n,
        sinceMs: 2_000,
      }
      await store.beginRefund({ ...refund, feeVoucher: voucherOf('03', 7n) })
      await store.endRefund(other, 'done')
      assertSame(await store.claimedSince(1_001), [{ channelId: other, claimedMicroUsd: 7n }])
      const both = (await store.claimedSince(1_000)).map(({ claimedMicroUsd }) => claimedMicroUsd)
      assertEqual(both.sort(), [5n, 7n], 'since the first')
      await store.raiseClaimed(channelId, 5n, 3_000)
      assertSame(await store.claimedSince(3_000), [{ channelId, claimedMicroUsd: 5n }])
    },
  },
  {
    name: 'finds its channels to a provider, however its address is written',
    async run({ open }) {
      const store = await open()
      const record = channelRecord('02', 'payer')
      const provider = `0x${'aB'.repeat(20)}` as const
      const config = { ...record.config, receiverAuthorizer: provider }
      await store.addChannel({ ...record, config })
      await store.addChannel(channelRecord('04', 'payer'))
      await store.addChannel({ ...channelRecord('05', 'receiver'), config })
      for (const written of [provider, provider.toLowerCase() as typeof provider]) {
        assertEqual(await store.channelsTo(written), [{ ...record, config }], written)
      }
      await store.raiseVoucher('payer', voucherOf('02', 9n))
      const promises = (await store.promises()).map(({ promisedMicroUsd }) => promisedMicroUsd)
      assertEqual(promises.sort(), [0n, 9n], 'promises')
    },
  },
  {
    name: 'sums up what is promised and claimed, however it came about',
    async run({ open }) {
      const store = await open()
      await store.addChannel({ ...channelRecord('01', 'receiver'), claimedMicroUsd: 10n })
      await store.addChannel({ ...channelRecord('01', 'receiver'), claimedMicroUsd: 50n })
      await store.addChannel({ ...channelRecord('02', 'payer'), voucher: voucherOf('02', 20n) })
      await store.raiseVoucher('payer', voucherOf('02', 25n))
      await store.raiseVoucherFrom('payer', voucherOf('02', 30n), 25n)
      await store.raiseVoucher('receiver', voucherOf('01', 400n))
      await store.raiseClaimed(channelId, 15n)
      await store.raiseClaimed(channelId, 12n)
      const { promisedMicroUsd, claimedMicroUsd } = await store.totals()
      assertEqual([promisedMicroUsd, claimedMicroUsd], [30n, 15n], 'sums')
    },
  },
  {
    name: 'has no voucher pay twice for a job that was forgotten and is opened again',
    async run({ open }) {
      const store = await open()
      await store.addChannel(channelRecord('01', 'receiver'))
      await store.addChannel(channelRecord('02', 'payer'))
      const job = jobOf('a1', 10)
      const payment = { jobId: job.jobId, chargeMicroUsd: 5n, incoming: voucherOf('01', 5n) }
      await store.addJob(job)
      await store.forward([{ ...payment, outgoing: voucherOf('02', 5n) }])
      await store.prune({ unpaidBeforeMs: 50, allBeforeMs: 50, openJobs: new Set() })
      await store.addJob(job)
      const again = store.forward([{ ...payment, outgoing: voucherOf('02', 10n) }])
      const code = await again.then(
        () => 'paid twice',
        (error: BaseError) => error.code,
      )
      assertEqual(code, 'ledger/unattributed', 'the voucher again')
      assertEqual(await store.attributed(channelId), 5n, 'attributed')
    },
  },
  {
    name: 'forgets jobs that are over, those that were never paid sooner, and no sum',
    async run({ open }) {
      const store = await open()
      await store.addChannel(channelRecord('01', 'receiver'))
      await store.addChannel(channelRecord('02', 'payer'))
      for (const [digits, openedAtMs] of [
        ['a1', 100],
        ['a2', 100],
        ['a3', 200],
        ['a4', 10],
        ['a5', 10],
      ] as const) {
        await store.addJob(jobOf(digits, openedAtMs))
      }
      await pay('a1', 5n)
      await pay('a4', 10n)
      const before = await store.totals()
      const limits = { unpaidBeforeMs: 150, allBeforeMs: 50 }
      const openJobs = new Set([jobOf('a4', 0).jobId, jobOf('a5', 0).jobId])
      assertEqual(await store.prune({ ...limits, openJobs }), false, 'more')
      assertEqual(await opened(), [100, null, 200, 10, 10], 'left with two open')
      await store.prune({ ...limits, openJobs: new Set() })
      assertEqual(await opened(), [100, null, 200, null, null], 'left')
      assertEqual(await store.totals(), before, 'totals')
      assertEqual(await store.attributed(channelId), 10n, 'attributed')

      async function opened() {
        const digits = ['a1', 'a2', 'a3', 'a4', 'a5']
        const jobs = await Promise.all(digits.map((one) => store.job(jobOf(one, 0).jobId)))
        return jobs.map((job) => job?.openedAtMs ?? null)
      }

      async function pay(digits: string, promised: bigint) {
        const [incoming, outgoing] = [voucherOf('01', promised), voucherOf('02', promised)]
        const { jobId } = jobOf(digits, 0)
        await store.forward([{ jobId, chargeMicroUsd: 5n, incoming, outgoing }])
      }
    },
  },
]

/** Whatever the order of keys. */
function assertSame(actual: readonly object[], expected: readonly object[]): void {
  const sorted = (rows: readonly object[]) => rows.map((row) => Object.entries(row).sort())
  assertEqual(sorted(actual), sorted(expected), 'rows')
}
