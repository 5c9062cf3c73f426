import { beforeEach, describe, expect, test } from 'vitest'
import { accounts, channelConfig, network } from '../../../tests/fixtures/jobs.ts'
import { createMemoryChain } from '../../chain/memory-chain.ts'
import { ManualClock } from '../../device/manual-clock.ts'
import type { Hex } from '../../domain/bytes.ts'
import type { ChannelConfig, Voucher } from '../../domain/channel.ts'
import { StorageError } from '../../errors/index.ts'
import { channelIdOf } from '../../ledger/channel-id.ts'
import { signVoucher } from '../../ledger/sign-voucher.ts'
import { MemoryVoucherStore } from '../../storage/memory-voucher-store.ts'
import { checkEarnChannel } from './check-earn-channel.ts'
import { type EarnChannel, openEarnChannel } from './earn-channel.ts'

const [hub, stranger, provider] = accounts
const config: ChannelConfig = { ...channelConfig, payerAuthorizer: hub.address }
const channelId = channelIdOf(config, network)
const jobId = (n: number): Hex => `0x${String(n).repeat(64)}`
const voucherOver = (amount: bigint, signer = hub, id = channelId) => signVoucher(id, amount, network, signer)

let clock: ManualClock
let chain: ReturnType<typeof createMemoryChain>
let vouchers: MemoryVoucherStore
let reads: number

const open = (voucher: Voucher | null = null) =>
  openEarnChannel({ channel: config, voucher }, { chain, vouchers, clock })
const promised = async () => (await vouchers.channel(channelId, 'receiver'))?.voucher?.maxClaimableAmount
const pay = async (channel: EarnChannel, job: number, chargeMicroUsd: bigint, over: bigint) =>
  channel.pay({ jobId: jobId(job), chargeMicroUsd, voucher: await voucherOver(over) })

beforeEach(async () => {
  clock = new ManualClock(1_700_000_000_000)
  chain = createMemoryChain(network, clock)
  vouchers = new MemoryVoucherStore()
  await chain.faucet(hub.address, 10_000n)
  await chain.deposit(config, 1_000n, hub)
  reads = 0
  const read = chain.channel.bind(chain)
  chain.channel = (id) => {
    reads++
    return read(id)
  }
})

describe('a payment', () => {
  test('is on disk before it counts, and counts for the job it names', async () => {
    const channel = await open()
    const [one, other] = [channel.payments(jobId(1)), channel.payments(jobId(2))]
    const seen: unknown[] = []
    one.watchPaid(() => seen.push([one.paidMicroUsd(), other.paidMicroUsd()]))
    await pay(channel, 1, 30n, 30n)
    await pay(channel, 2, 12n, 42n)
    await pay(channel, 1, 40n, 52n)
    expect(seen).toEqual([
      [30n, 0n],
      [40n, 12n],
    ])
    expect(await promised()).toBe(52n)
    expect(channel.promisedMicroUsd).toBe(52n)

    vouchers.attribute = () => Promise.reject(new StorageError('storage/quota', 'The disk is full.'))
    await expect(pay(channel, 1, 50n, 62n)).rejects.toMatchObject({ code: 'storage/quota' })
    expect(one.paidMicroUsd()).toBe(40n)
  })

  test('that comes late, twice or lower changes nothing; one that was lost is made up for by the next', async () => {
    const channel = await open()
    const [one, other] = [channel.payments(jobId(1)), channel.payments(jobId(2))]
    await pay(channel, 2, 12n, 42n)
    await pay(channel, 1, 30n, 30n)
    await pay(channel, 1, 20n, 20n)
    await pay(channel, 2, 12n, 42n)
    expect([one.paidMicroUsd(), other.paidMicroUsd()]).toEqual([30n, 12n])
    await pay(channel, 1, 90n, 102n)
    expect([one.paidMicroUsd(), await promised()]).toEqual([90n, 102n])
  })

  test('that no voucher covers is refused, and opens nothing that was not paid', async () => {
    const channel = await open()
    const [one, other] = [channel.payments(jobId(1)), channel.payments(jobId(2))]
    await pay(channel, 1, 30n, 30n)
    await expect(pay(channel, 2, 30n, 30n)).rejects.toMatchObject({ code: 'ledger/unattributed' })
    await expect(pay(channel, 2, 30n, 45n)).rejects.toMatchObject({ code: 'ledger/unattributed' })
    expect([one.paidMicroUsd(), other.paidMicroUsd()]).toEqual([30n, 15n])
  })

  test.each<[string, () => Promise<Voucher>, string]>([
    ['signed by somebody else', () => voucherOver(30n, stranger), 'ledger/bad-signature'],
    ['of another channel', () => voucherOver(30n, hub, jobId(9)), 'ledger/voucher-foreign'],
    ['over more than is deposited', () => voucherOver(1_001n), 'ledger/over-balance'],
  ])('with a voucher %s is refused and not kept', async (_name, sign, code) => {
    const channel = await open()
    const payment = { jobId: jobId(1), chargeMicroUsd: 30n, voucher: await sign() }
    await expect(channel.pay(payment)).rejects.toMatchObject({ code })
    expect(channel.payments(jobId(1)).paidMicroUsd()).toBe(0n)
    expect(await promised()).toBeUndefined()
  })

  test('on the job’s own stream is refused: the hub pays', async () => {
    const payments = (await open()).payments(jobId(1))
    const refusal = payments.take(await voucherOver(30n))
    await expect(refusal).rejects.toMatchObject({ code: 'protocol/unexpected-frame' })
  })
})

describe('two tabs of one account', () => {
  const paidIn = (tab: EarnChannel, job: number) => tab.payments(jobId(job)).paidMicroUsd()

  test('are not paid for two jobs by what pays for one', async () => {
    const [one, other] = [await open(), await open()]
    one.payments(jobId(1))
    other.payments(jobId(2))
    await pay(one, 1, 100n, 100n)
    await expect(pay(other, 2, 100n, 100n)).rejects.toMatchObject({ code: 'ledger/unattributed' })
    await expect(pay(other, 2, 100n, 130n)).rejects.toMatchObject({ code: 'ledger/unattributed' })
    await pay(one, 1, 110n, 140n)
    expect([paidIn(one, 1), paidIn(other, 2)]).toEqual([110n, 30n])
  })

  test('are paid in full each, in whatever order both hear of all that is paid', async () => {
    const one = await open()
    one.payments(jobId(1))
    await pay(one, 1, 50n, 50n)
    const other = await open()
    other.payments(jobId(2))
    // A payment of the first job that overtook one of the second, and counts what came before the second tab.
    await pay(other, 1, 70n, 80n)
    await pay(other, 2, 20n, 90n)
    await pay(one, 2, 20n, 90n)
    await pay(one, 1, 70n, 80n)
    expect([paidIn(one, 1), paidIn(other, 2)]).toEqual([70n, 20n])
  })

  test('are paid once for what two lines of a tab tell at the same time', async () => {
    const one = await open()
    one.payments(jobId(1))
    await Promise.all([pay(one, 1, 40n, 40n), pay(one, 1, 40n, 40n), pay(one, 1, 60n, 60n)])
    const other = await open()
    other.payments(jobId(2))
    await pay(other, 2, 10n, 70n)
    await pay(one, 1, 90n, 100n)
    expect([paidIn(one, 1), paidIn(other, 2)]).toEqual([90n, 10n])
  })

  test.each(['promised', 'claimed'])(
    'of a browser that is new here are paid with nothing that was %s before',
    async (what) => {
      const held = await voucherOver(500n)
      if (what === 'claimed') await chain.claim([{ config, voucher: held, totalClaimed: 500n }], provider)
      const [one, other] = [await open(held), await open(held)]
      one.payments(jobId(1))
      other.payments(jobId(2))
      await pay(one, 1, 100n, 600n)
      await expect(pay(other, 2, 100n, 600n)).rejects.toMatchObject({ code: 'ledger/unattributed' })
    },
  )
})

describe('what was promised before', () => {
  test('pays for no job of this visit, whether this tab or the hub remembers it', async () => {
    await pay(await open(), 1, 30n, 30n)
    const channel = await open(await voucherOver(50n))
    channel.payments(jobId(2))
    await pay(channel, 1, 50n, 50n)
    await expect(pay(channel, 2, 1n, 50n)).rejects.toMatchObject({ code: 'ledger/unattributed' })
    await pay(channel, 2, 1n, 51n)
    expect(channel.payments(jobId(2)).paidMicroUsd()).toBe(1n)
    expect(await promised()).toBe(51n)
  })

  test('is learnt when the line comes back, and pays for the jobs whose payments were lost', async () => {
    const channel = await open()
    const one = channel.payments(jobId(1))
    await channel.resume(await voucherOver(70n))
    await pay(channel, 1, 70n, 70n)
    expect(one.paidMicroUsd()).toBe(70n)
  })

  test('and is forged is refused', async () => {
    const forged = await voucherOver(50n, stranger)
    await expect(open(forged)).rejects.toMatchObject({ code: 'ledger/bad-signature' })
  })
})

describe('the channel’s money', () => {
  test('is asked for again only when it seems too little, or is long known', async () => {
    const channel = await open()
    reads = 0
    expect(await channel.freeMicroUsd(900n)).toBe(1_000n)
    await pay(channel, 1, 100n, 100n)
    expect(reads).toBe(0)
    await chain.deposit(config, 500n, hub)
    await pay(channel, 1, 1_200n, 1_200n)
    expect([await channel.freeMicroUsd(300n), reads]).toEqual([300n, 1])
    expect([await channel.freeMicroUsd(301n), reads]).toEqual([300n, 2])
    await clock.advance(61_000)
    expect([await channel.freeMicroUsd(1n), reads]).toEqual([300n, 3])
  })

  test('is not free any more when the hub takes it back', async () => {
    const channel = await open()
    await chain.initiateWithdraw(config, 950n, hub)
    expect(await channel.freeMicroUsd(1_001n)).toBe(50n)
  })
})

test.each<[string, Partial<ChannelConfig>]>([
  ['payer', { payer: stranger.address }],
  ['payer', { payerAuthorizer: stranger.address }],
  ['receiver', { receiver: stranger.address }],
  ['authorizer', { receiverAuthorizer: stranger.address }],
  ['token', { token: stranger.address }],
  ['delay', { withdrawDelay: 899 }],
  ['salt', { salt: `0x${'08'.repeat(32)}` }],
])('a channel with another %s than was asked for is not taken', (name, change) => {
  const { chainId, settlement, token } = network
  const terms = { account: hub.address, peerId: 'hub', spreadMillionths: 0, chainId, settlement, token }
  const payee = { provider: provider.address, receiver: provider.address, salt: config.salt }
  expect(() => checkEarnChannel(config, terms, payee)).not.toThrow()
  expect(() => checkEarnChannel({ ...config, ...change }, terms, payee)).toThrow(name)
})
