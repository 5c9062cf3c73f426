import type {
  FeeRecord,
  Forwarding,
  HubJobRecord,
  HubStore,
  RefundRecord,
} from '../../relay/hub/books/hub-store.ts'
import { channelRecord, voucherOf } from '../fixtures/channel.ts'
import { assertEqual, assertRejects, type ConformanceCase } from './case.ts'

/** A hub's books, empty when the case begins. */
export type HubStoreSubject = { open(): Promise<HubStore> }

const payerChannelId = channelRecord('01').channelId
const payeeChannelId = channelRecord('02').channelId
/** More than a double or 64 bits can count: amounts must stay exact. */
const huge = 2n ** 127n + 1n

/** A job of channel 01 that is paid on channel 02, at 2%. */
function jobOf(digits: string, change: Partial<HubJobRecord> = {}): HubJobRecord {
  return {
    jobId: channelRecord(digits).channelId,
    payerChannelId,
    provider: channelRecord('02').config.receiver,
    payeeChannelId,
    ceilingMicroUsd: 1_000n,
    spreadMillionths: 20_000,
    chargeMicroUsd: 0n,
    openedAtMs: 1_700_000_000_000,
    ...change,
  }
}

function forwardingOf(digits: string, charge: bigint, incoming: bigint, outgoing: bigint): Forwarding {
  return {
    jobId: channelRecord(digits).channelId,
    chargeMicroUsd: charge,
    incoming: voucherOf('01', incoming),
    outgoing: voucherOf('02', outgoing),
  }
}

/** Books with both channels and jobs `a1` and `a2` between them. */
async function openBooks({ open }: HubStoreSubject): Promise<HubStore> {
  const store = await open()
  await store.addChannel(channelRecord('01', 'receiver'))
  await store.addChannel(channelRecord('02', 'payer'))
  for (const digits of ['a1', 'a2']) await store.addJob(jobOf(digits))
  return store
}

/** A refund of channel 01 that claims more than a double or 64 bits can count. */
const refund: RefundRecord = {
  channelId: payerChannelId,
  number: huge,
  totalClaimedMicroUsd: huge,
  feeMicroUsd: 40n,
  feeVoucher: voucherOf('01', huge),
  sinceMs: 1_700_000_000_000,
}

/** All that a forwarding may change. */
async function readBooks(store: HubStore) {
  return {
    charges: [await store.job(jobOf('a1').jobId), await store.job(jobOf('a2').jobId)].map(
      (job) => job?.chargeMicroUsd,
    ),
    incoming: (await store.channel(payerChannelId, 'receiver'))?.voucher,
    outgoing: (await store.channel(payeeChannelId, 'payer'))?.voucher,
    attributed: await store.attributed(payerChannelId),
    totals: await store.totals(),
  }
}

async function assertRefused(store: HubStore, forwardings: Forwarding[], code: string): Promise<void> {
  const before = await readBooks(store)
  await assertRejects(store.forward(forwardings), code)
  assertEqual(await readBooks(store), before, `the books after ${code}`)
}

/** What every `HubStore` keeps to on top of `VoucherStore`. */
export const hubStoreCases: ConformanceCase<HubStoreSubject>[] = [
  {
    name: 'gives a job back as it was added, leaves a known one as it is, and null for others',
    async run({ open }) {
      const store = await open()
      const job = jobOf('a1', { ceilingMicroUsd: huge, chargeMicroUsd: huge - 1n })
      await store.addJob(job)
      await store.addJob({ ...job, ceilingMicroUsd: 5n })
      assertEqual(await store.job(job.jobId), job, 'the job')
      assertEqual(await store.job(jobOf('a2').jobId), null, 'another job')
      assertEqual((await store.totals()).jobs, 1, 'jobs in all')
    },
  },
  {
    name: 'keeps both legs of a payment',
    async run(subject) {
      const store = await openBooks(subject)
      await store.forward([forwardingOf('a1', 100n, 150n, 100n)])
      assertEqual(
        await readBooks(store),
        {
          charges: [100n, 0n],
          incoming: voucherOf('01', 150n),
          outgoing: voucherOf('02', 100n),
          attributed: 102n,
          totals: {
            jobs: 2,
            volumeMicroUsd: 100n,
            spreadMicroUsd: 2n,
            feesMicroUsd: 0n,
            promisedMicroUsd: 100n,
            claimedMicroUsd: 0n,
          },
        },
        'the books',
      )
    },
  },
  {
    name: 'keeps several payments with one voucher to their provider',
    async run(subject) {
      const store = await openBooks(subject)
      await store.forward([forwardingOf('a1', 100n, 150n, 100n)])
      await store.forward([
        forwardingOf('a1', 149n, 220n, 249n),
        forwardingOf('a2', 50n, 180n, 249n),
        forwardingOf('a2', 100n, 260n, 249n),
      ])
      const { charges, incoming, outgoing, attributed, totals } = await readBooks(store)
      assertEqual(charges, [149n, 100n], 'charges')
      assertEqual([incoming, outgoing], [voucherOf('01', 260n), voucherOf('02', 249n)], 'vouchers')
      // The spread on 149 is 2.98: what is rounded off once is not lost by chunks.
      assertEqual([attributed, totals.spreadMicroUsd], [253n, 4n], 'with the spread')
    },
  },
  {
    name: 'never lets a voucher of the payer go down',
    async run(subject) {
      const store = await openBooks(subject)
      await store.forward([forwardingOf('a1', 100n, 500n, 100n)])
      const lower = { ...forwardingOf('a2', 100n, 300n, 200n), incoming: voucherOf('01', 300n, 'bb') }
      await store.forward([lower])
      const { incoming, attributed } = await readBooks(store)
      assertEqual(incoming, voucherOf('01', 500n), 'the voucher')
      assertEqual(attributed, 204n, 'attributed')
    },
  },
  {
    name: 'keeps a higher voucher of the payer without a charge',
    async run(subject) {
      const store = await openBooks(subject)
      await store.forward([forwardingOf('a1', 100n, 102n, 100n)])
      await store.forward([forwardingOf('a1', 100n, 400n, 100n)])
      const { charges, incoming, attributed } = await readBooks(store)
      assertEqual(charges, [100n, 0n], 'charges')
      assertEqual([incoming, attributed], [voucherOf('01', 400n), 102n], 'the voucher')
    },
  },
  {
    name: 'counts amounts beyond 64 bits exactly',
    async run(subject) {
      const store = await openBooks(subject)
      await store.addJob(jobOf('a3', { ceilingMicroUsd: huge, spreadMillionths: 1 }))
      await store.forward([{ ...forwardingOf('a3', huge, 2n * huge, huge) }])
      assertEqual(await store.attributed(payerChannelId), huge + huge / 1_000_000n, 'attributed')
      assertEqual((await store.totals()).volumeMicroUsd, huge, 'volume')
    },
  },
  {
    name: 'keeps all payments or none, and says why',
    async run(subject) {
      const store = await openBooks(subject)
      const good = forwardingOf('a1', 100n, 150n, 100n)
      await store.forward([good])
      const next = forwardingOf('a1', 110n, 160n, 120n)
      const refusals: [code: string, second: Forwarding][] = [
        ['ledger/unattributed', forwardingOf('a2', 60n, 160n, 120n)],
        ['ledger/overcharged', forwardingOf('a2', 1_001n, 5_000n, 120n)],
        ['ledger/voucher-replayed', forwardingOf('a1', 99n, 160n, 120n)],
        ['ledger/voucher-foreign', { ...next, incoming: voucherOf('02', 160n) }],
        ['ledger/voucher-foreign', { ...next, outgoing: voucherOf('01', 120n) }],
        ['ledger/out-of-step', forwardingOf('a2', 11n, 160n, 120n)],
        ['ledger/out-of-step', forwardingOf('a2', 10n, 160n, 119n)],
        ['storage/not-found', forwardingOf('a9', 10n, 160n, 120n)],
      ]
      for (const [code, second] of refusals) await assertRefused(store, [next, second], code)
      await store.forward([next, forwardingOf('a2', 10n, 160n, 120n)])
      assertEqual((await readBooks(store)).charges, [110n, 10n], 'charges after all')
    },
  },
  {
    name: 'does not forward on a channel that was never added',
    async run({ open }) {
      const store = await open()
      await store.addJob(jobOf('a1'))
      await assertRejects(store.forward([forwardingOf('a1', 1n, 2n, 1n)]), 'storage/not-found')
      await store.addChannel(channelRecord('01', 'receiver'))
      await assertRejects(store.forward([forwardingOf('a1', 1n, 2n, 1n)]), 'storage/not-found')
      assertEqual(await store.attributed(payeeChannelId), 0n, 'attributed to an unknown channel')
    },
  },
  {
    name: 'never lets what was claimed be spent once more',
    async run({ open }) {
      const store = await open()
      await store.addChannel({ ...channelRecord('01', 'receiver'), claimedMicroUsd: 100n })
      await store.addChannel({ ...channelRecord('02', 'payer'), claimedMicroUsd: 7n })
      await store.addJob(jobOf('a1'))
      assertEqual(await store.attributed(payerChannelId), 100n, 'claimed before it was added')
      await assertRefused(store, [forwardingOf('a1', 10n, 109n, 10n)], 'ledger/unattributed')
      await store.forward([forwardingOf('a1', 10n, 200n, 10n)])
      await store.raiseClaimed(payerChannelId, 105n)
      assertEqual(await store.attributed(payerChannelId), 110n, 'claimed out of what was used')
      await store.raiseClaimed(payerChannelId, 195n)
      assertEqual(await store.attributed(payerChannelId), 195n, 'claimed beyond')
      await assertRefused(store, [forwardingOf('a1', 20n, 200n, 20n)], 'ledger/unattributed')
    },
  },
  {
    name: 'takes fees out of the same vouchers',
    async run(subject) {
      const store = await openBooks(subject)
      await store.forward([forwardingOf('a1', 100n, 150n, 100n)])
      const fee: FeeRecord = { channelId: payerChannelId, feeMicroUsd: 48n, atMs: 1 }
      await assertRejects(
        store.addFee({ ...fee, feeMicroUsd: 49n }, voucherOf('01', 150n)),
        'ledger/unattributed',
      )
      await assertRejects(store.addFee(fee, voucherOf('02', 150n)), 'ledger/voucher-foreign')
      await store.addFee(fee, voucherOf('01', 120n))
      await assertRefused(store, [forwardingOf('a2', 1n, 150n, 101n)], 'ledger/unattributed')
      await store.addFee({ ...fee, feeMicroUsd: 7n }, voucherOf('01', 170n))
      const { attributed, incoming, totals } = await readBooks(store)
      assertEqual([attributed, incoming], [157n, voucherOf('01', 170n)], 'the payer')
      assertEqual(totals.feesMicroUsd, 55n, 'fees')
    },
  },
  {
    name: 'keeps a refund on its way, the first of a channel, until it is dropped',
    async run(subject) {
      const store = await openBooks(subject)
      assertEqual(await store.refund(payerChannelId), null, 'none')
      await store.beginRefund(refund)
      await store.beginRefund({ ...refund, totalClaimedMicroUsd: 1n })
      assertEqual(await store.refund(payerChannelId), refund, 'the refund')
      assertEqual(await store.refund(payeeChannelId), null, 'of another channel')
      const other = { ...refund, channelId: payeeChannelId, feeVoucher: voucherOf('02', 9n) }
      await store.beginRefund(other)
      const all = (await store.refunds()).map(({ channelId }) => channelId)
      assertEqual(all.sort(), [payerChannelId, payeeChannelId].sort(), 'all')
      const before = await readBooks(store)
      await store.endRefund(payerChannelId, 'dropped')
      await store.endRefund(payerChannelId, 'done')
      assertEqual(await readBooks(store), before, 'the books')
      assertEqual(await store.refunds(), [other], 'left')
    },
  },
  {
    name: 'books a refund that is done once: its fee, its voucher, and all that it claimed',
    async run(subject) {
      const store = await openBooks(subject)
      await store.forward([forwardingOf('a1', 100n, 150n, 100n)])
      await store.beginRefund(refund)
      await store.endRefund(payerChannelId, 'done')
      await store.endRefund(payerChannelId, 'done')
      assertEqual(await store.refunds(), [], 'left')
      const { attributed, incoming, totals } = await readBooks(store)
      assertEqual([attributed, incoming], [huge, refund.feeVoucher], 'the payer')
      assertEqual(totals.feesMicroUsd, 40n, 'fees')
      assertEqual((await store.channel(payerChannelId, 'receiver'))?.claimedMicroUsd, huge, 'claimed')
      await assertRefused(store, [forwardingOf('a2', 1n, huge, 101n)], 'ledger/unattributed')
    },
  },
  {
    name: 'books no refund of a channel that it does not know',
    async run({ open }) {
      const store = await open()
      await store.beginRefund(refund)
      await assertRejects(store.endRefund(payerChannelId, 'done'), 'storage/not-found')
      assertEqual(await store.refunds(), [refund], 'kept')
    },
  },
]
