import { expect, test } from 'vitest'
import {
  balanceMicroUsd,
  lossesOf,
  nothing,
  openForwarder,
  otherPayer,
  payee,
  payer,
  sessionEndsAtSeconds,
  voucherOf,
} from '../../../tests/fixtures/hub-forwarder.ts'
import { network } from '../../../tests/fixtures/jobs.ts'
import type { Hex } from '../../../src/domain/bytes.ts'
import { signVoucher } from '../../../src/ledger/sign-voucher.ts'

type Opened = Awaited<ReturnType<typeof openForwarder>>
const refusals: [name: string, code: string, attempt: (opened: Opened) => Promise<unknown>][] = [
  [
    'for an unknown job',
    'hub/job-refused',
    async ({ pay }) => pay(1_100n, await voucherOf(3_000n), `0x${'99'.repeat(32)}`),
  ],
  ['that was made before', 'ledger/voucher-replayed', async ({ pay }) => pay(999n, await voucherOf(1_020n))],
  [
    'lower than before, with more money',
    'ledger/voucher-replayed',
    async ({ pay }) => pay(900n, await voucherOf(3_000n)),
  ],
  [
    'that its voucher does not cover',
    'ledger/unattributed',
    async ({ pay }) => pay(1_500n, await voucherOf(1_529n)),
  ],
  [
    'with the same voucher once more',
    'ledger/unattributed',
    async ({ pay }) => pay(1_001n, await voucherOf(1_020n)),
  ],
  ['with a lower voucher', 'ledger/unattributed', async ({ pay }) => pay(1_001n, await voucherOf(500n))],
  [
    'with a voucher of another chain',
    'ledger/bad-signature',
    async ({ pay }) => pay(1_100n, await voucherOf(3_000n, payer, { ...network, chainId: 1 })),
  ],
  [
    'with a voucher of another contract',
    'ledger/bad-signature',
    async ({ pay }) => pay(1_100n, await voucherOf(3_000n, payer, { ...network, settlement: network.token })),
  ],
  [
    'with a voucher of another channel',
    'ledger/voucher-foreign',
    async ({ pay }) => pay(1_100n, await voucherOf(3_000n, otherPayer)),
  ],
  [
    'with a voucher that somebody else signed',
    'ledger/bad-signature',
    async ({ pay }) =>
      pay(1_100n, await signVoucher(payer.channel.channelId, 3_000n, network, otherPayer.signer)),
  ],
  [
    'with a voucher raised by hand',
    'ledger/bad-signature',
    async ({ pay }) => pay(1_100n, { ...(await voucherOf(1_020n)), maxClaimableAmount: 3_000n }),
  ],
  [
    'with a malformed signature',
    'ledger/bad-signature',
    async ({ pay }) => pay(1_100n, { ...(await voucherOf(3_000n)), signature: `0x${'00'.repeat(65)}` }),
  ],
  [
    'with a signature that no contract takes',
    'ledger/bad-signature',
    async ({ pay }) => {
      const voucher = await voucherOf(3_000n)
      const v = voucher.signature.endsWith('1b') ? '00' : '01'
      return pay(1_100n, { ...voucher, signature: `${voucher.signature.slice(0, -2)}${v}` as Hex })
    },
  ],
  [
    'with more than the channel holds',
    'ledger/over-balance',
    async ({ pay }) => pay(1_100n, await voucherOf(balanceMicroUsd + 1n)),
  ],
  [
    'out of money that is being withdrawn',
    'ledger/over-balance',
    async ({ world, pay }) => {
      world.coveredMicroUsd = 1_500n
      return pay(1_900n, await voucherOf(1_999n))
    },
  ],
  [
    'after the end of its session key',
    'ledger/session-over',
    async ({ world, pay }) => {
      world.nowMs = sessionEndsAtSeconds * 1000
      return pay(1_100n, await voucherOf(3_000n))
    },
  ],
  [
    'above the ceiling of its job',
    'ledger/overcharged',
    async ({ pay }) => pay(5_001n, await voucherOf(9_000n)),
  ],
]

test('a payment out of a channel that is being paid back is refused and costs nobody anything', async () => {
  const { store, world, pay } = await openForwarder()
  const first = await pay(1_000n, await voucherOf(1_020n))
  const { channelId } = payer.channel
  const feeVoucher = await voucherOf(1_030n)
  const refund = {
    channelId,
    number: 0n,
    totalClaimedMicroUsd: 1_030n,
    feeMicroUsd: 10n,
    feeVoucher,
    sinceMs: 0,
  }
  await store.beginRefund(refund)
  await expect(pay(1_100n, await voucherOf(3_000n))).rejects.toMatchObject({ code: 'hub/job-refused' })
  expect((await store.channel(payee.channel.channelId, 'payer'))?.voucher).toEqual(first)
  expect(await lossesOf(store, 1_000n, world.coveredMicroUsd)).toEqual(nothing)
  await store.endRefund(channelId, 'dropped')
  await pay(1_100n, await voucherOf(3_000n))
})

test.each(refusals)('a payment %s is refused and costs nobody anything', async (_name, code, attempt) => {
  const opened = await openForwarder()
  const { store, world } = opened
  const first = await opened.pay(1_000n, await voucherOf(1_020n))
  await expect(attempt(opened)).rejects.toMatchObject({ code })
  expect((await store.channel(payee.channel.channelId, 'payer'))?.voucher).toEqual(first)
  expect(await store.attributed(payer.channel.channelId)).toBe(1_020n)
  expect(await lossesOf(store, 1_000n, world.coveredMicroUsd)).toEqual(nothing)
})
