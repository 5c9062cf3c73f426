import type { EarningStore, VoucherStore } from '../../src/ports/voucher-store.ts'
import { channelRecord, voucherOf } from '../fixtures/channel.ts'
import { assertEqual, assertRejects, type ConformanceCase } from './case.ts'

/** Tabs that share a store. */
export type VoucherStoreSubject<store = VoucherStore> = {
  /** Another tab's view of one store, empty when the case begins. */
  open(): Promise<store>
}

/** More than a double can count: amounts must stay exact. */
const huge = 2n ** 127n + 1n

/** What every `VoucherStore` keeps to. */
export const voucherStoreCases: ConformanceCase<VoucherStoreSubject>[] = [
  {
    name: 'gives a channel back as it was added, and null for others',
    async run({ open }) {
      const store = await open()
      const record = { ...channelRecord('01'), voucher: voucherOf('01', huge), claimedMicroUsd: huge - 1n }
      await store.addChannel(record)
      assertEqual(await store.channel(record.channelId, 'receiver'), record, 'the record')
      assertEqual(await store.channel(record.channelId, 'payer'), null, 'the other side')
      assertEqual(await store.channel(channelRecord('02').channelId, 'receiver'), null, 'another id')
    },
  },
  {
    name: 'leaves a known channel as it is',
    async run({ open }) {
      const store = await open()
      const record = channelRecord('01')
      await store.addChannel(record)
      await store.raiseVoucher('receiver', voucherOf('01', 5n))
      await store.addChannel(record)
      assertEqual(
        (await store.channel(record.channelId, 'receiver'))?.voucher,
        voucherOf('01', 5n),
        'the voucher',
      )
    },
  },
  {
    name: 'lists the channels of one side',
    async run({ open }) {
      const store = await open()
      for (const digits of ['03', 'ff', '00']) await store.addChannel(channelRecord(digits, 'payer'))
      await store.addChannel(channelRecord('03', 'receiver'))
      const ids = (await store.channels('payer')).map((record) => record.channelId).sort()
      assertEqual(
        ids,
        ['00', '03', 'ff'].map((digits) => channelRecord(digits).channelId),
        'ids of the payer',
      )
      assertEqual((await store.channels('receiver')).length, 1, 'channels of the receiver')
    },
  },
  {
    name: 'never replaces a voucher by a lower or an equal one',
    async run({ open }) {
      const store = await open()
      await store.addChannel(channelRecord('01'))
      const raise = (amount: bigint, mark?: string) =>
        store.raiseVoucher('receiver', voucherOf('01', amount, mark))
      const kept = voucherOf('01', 7n)
      assertEqual(await raise(7n), { kept, beforeMicroUsd: 0n }, 'the first')
      assertEqual(await raise(6n), { kept, beforeMicroUsd: 7n }, 'a lower')
      assertEqual(await raise(7n, 'bb'), { kept, beforeMicroUsd: 7n }, 'an equal')
      assertEqual(
        (await store.raiseVoucher('receiver', voucherOf('01', huge))).kept,
        voucherOf('01', huge),
        'a higher',
      )
      const record = await store.channel(channelRecord('01').channelId, 'receiver')
      assertEqual(record?.voucher, voucherOf('01', huge), 'what is kept')
    },
  },
  {
    name: 'keeps the two sides of one channel apart',
    async run({ open }) {
      const store = await open()
      await store.addChannel(channelRecord('01', 'payer'))
      await store.addChannel(channelRecord('01', 'receiver'))
      await store.raiseVoucher('payer', voucherOf('01', 9n))
      const receiver = await store.channel(channelRecord('01').channelId, 'receiver')
      assertEqual(receiver?.voucher, null, 'the voucher of the receiver')
    },
  },
  {
    name: 'raises from what was read, and only from that',
    async run({ open }) {
      const store = await open()
      await store.addChannel(channelRecord('01'))
      const from = (amount: bigint, before: bigint) =>
        store.raiseVoucherFrom('receiver', voucherOf('01', amount), before)
      assertEqual(await from(5n, 0n), true, 'the first')
      assertEqual(await from(9n, 0n), false, 'from what is no more')
      assertEqual(await from(5n, 5n), false, 'to what it is')
      const raised = await Promise.all([7n, 8n, 9n].map((amount) => from(amount, 5n)))
      assertEqual(raised.filter(Boolean).length, 1, 'one of three at once')
      await assertRejects(store.raiseVoucherFrom('receiver', voucherOf('02', 1n), 0n), 'storage/not-found')
    },
  },
  {
    name: 'raises what was claimed and ignores less',
    async run({ open }) {
      const store = await open()
      const { channelId } = channelRecord('01')
      await store.addChannel(channelRecord('01'))
      await store.raiseVoucher('receiver', voucherOf('01', 50n))
      for (const claimed of [10n, 30n, 20n]) await store.raiseClaimed(channelId, claimed)
      const record = await store.channel(channelId, 'receiver')
      assertEqual(record?.claimedMicroUsd, 30n, 'the total claimed')
      assertEqual(record?.voucher, voucherOf('01', 50n), 'the voucher')
    },
  },
  {
    name: 'refuses vouchers and claims of a channel it does not know',
    async run({ open }) {
      const store = await open()
      await store.addChannel(channelRecord('01', 'payer'))
      await assertRejects(store.raiseVoucher('receiver', voucherOf('01', 1n)), 'storage/not-found')
      await assertRejects(store.raiseClaimed(channelRecord('01').channelId, 1n), 'storage/not-found')
      assertEqual(await store.channels('receiver'), [], 'channels of the receiver')
    },
  },
  {
    name: 'ends with the highest voucher when two tabs raise at once',
    async run({ open }) {
      const [left, right] = [await open(), await open()]
      await left.addChannel(channelRecord('01'))
      const amounts = Array.from({ length: 40 }, (_, index) => BigInt((index * 17) % 40) + 1n)
      const raises = await Promise.all(
        amounts.map((amount, index) =>
          (index % 2 ? left : right).raiseVoucher('receiver', voucherOf('01', amount)),
        ),
      )
      const tooLow = raises.filter(({ kept }, index) => kept.maxClaimableAmount < (amounts[index] ?? 0n))
      assertEqual(tooLow, [], 'answers below what was given')
      const counted = raises.reduce((sum, { kept, beforeMicroUsd }) => {
        return sum + kept.maxClaimableAmount - beforeMicroUsd
      }, 0n)
      assertEqual(counted, 40n, 'rises counted once')
      const record = await right.channel(channelRecord('01').channelId, 'receiver')
      assertEqual(record?.voucher?.maxClaimableAmount, 40n, 'the highest')
    },
  },
  {
    name: 'hands out copies',
    async run({ open }) {
      const store = await open()
      const record = channelRecord('01')
      await store.addChannel(record)
      record.claimedMicroUsd = 99n
      const read = await store.channel(record.channelId, 'receiver')
      if (read) read.claimedMicroUsd = 98n
      const again = await store.channel(record.channelId, 'receiver')
      assertEqual(again?.claimedMicroUsd, 0n, 'the total claimed')
    },
  },
]

/** What every `EarningStore` keeps to. */
export const earningStoreCases: ConformanceCase<VoucherStoreSubject<EarningStore>>[] = [
  ...voucherStoreCases,
  {
    name: 'attributes what vouchers promise once',
    async run({ open }) {
      const store = await open()
      await store.addChannel(channelRecord('01'))
      const attribute = (amount: bigint, wanted: bigint) => store.attribute(voucherOf('01', amount), wanted)
      assertEqual(
        await attribute(7n, 5n),
        { kept: voucherOf('01', 7n), attributedMicroUsd: 5n },
        'less than is promised',
      )
      assertEqual((await attribute(7n, 5n)).attributedMicroUsd, 2n, 'what is left')
      assertEqual((await attribute(6n, 5n)).attributedMicroUsd, 0n, 'nothing with a lower voucher')
      await store.raiseVoucher('receiver', voucherOf('01', 9n))
      const later = await attribute(8n, 5n)
      assertEqual(later, { kept: voucherOf('01', 9n), attributedMicroUsd: 2n }, 'what another raise brought')
      const record = await store.channel(channelRecord('01').channelId, 'receiver')
      assertEqual(record?.attributedMicroUsd, 9n, 'what is kept')
      await assertRejects(store.attribute(voucherOf('02', 1n), 1n), 'storage/not-found')
    },
  },
  {
    name: 'attributes nothing of what was promised or claimed before it kept count',
    async run({ open }) {
      const store = await open()
      await store.addChannel(channelRecord('01'))
      await store.raiseVoucher('receiver', voucherOf('01', 50n))
      assertEqual((await store.attribute(voucherOf('01', 60n), 60n)).attributedMicroUsd, 10n, 'of promises')
      await store.addChannel({ ...channelRecord('02'), claimedMicroUsd: 50n, attributedMicroUsd: 50n })
      assertEqual((await store.attribute(voucherOf('02', 40n), 40n)).attributedMicroUsd, 0n, 'below a claim')
      assertEqual((await store.attribute(voucherOf('02', 60n), 60n)).attributedMicroUsd, 10n, 'above it')
    },
  },
  {
    name: 'attributes no more than is promised when two tabs do so at once',
    async run({ open }) {
      const tabs = [await open(), await open()]
      await tabs[0]?.addChannel(channelRecord('01'))
      const given = await Promise.all(
        Array.from({ length: 40 }, (_, index) =>
          tabs[index % 2]?.attribute(voucherOf('01', BigInt(index + 1)), 3n),
        ),
      )
      const sum = given.reduce((all, one) => all + (one?.attributedMicroUsd ?? 0n), 0n)
      assertEqual(sum, 40n, 'all that was attributed')
    },
  },
]
