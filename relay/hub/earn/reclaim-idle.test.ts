import { expect, test } from 'vitest'
import { signVoucher } from '../../../src/ledger/sign-voucher.ts'
import { openHubMoney } from '../../../tests/fixtures/hub-money.ts'
import { hubJob, hubPayee, hubPayer, hubSigner } from '../../../tests/fixtures/hub-world.ts'
import { network } from '../../../tests/fixtures/jobs.ts'
import type { FrameStream } from '../../../src/ports/index.ts'
import type { EarnLine } from './earn-line.ts'
import { createProviderChannels } from './provider-channels.ts'
import { IdleChannels } from './reclaim-idle.ts'

const dayMs = 24 * 3600_000

/** A provider's channel with 1,000 in it, of which 400 are promised. */
async function openIdle() {
  const money = await openHubMoney({ idleChannelMs: 7 * dayMs })
  const { channel, signer } = hubPayee(1)
  const { channelId, config } = channel
  await money.store.addChannel(channel)
  await money.funding.deposit(channelId, 10n)
  await money.store.raiseVoucher('payer', await signVoucher(channelId, 400n, network, hubSigner))
  const line: { current: EarnLine | null } = { current: null }
  const idle = new IdleChannels({ ...money, earn: { lineOf: () => line.current } })
  const state = () => money.chain.channel(channelId)
  return { ...money, idle, line, state, signer, config, channelId }
}

test('takes back what a provider that stayed away was not promised', async () => {
  const { idle, clock, chain, state, config, signer, store, channelId } = await openIdle()
  await idle.reclaim()
  await clock.advance(7 * dayMs)
  await idle.reclaim()
  expect((await state()).withdrawal).toMatchObject({ amount: 600n })
  const before = await chain.balance(hubSigner.address)
  await idle.reclaim()
  expect((await state()).balance).toBe(1_000n)
  await clock.advance(config.withdrawDelay * 1000)
  await idle.reclaim()
  expect(await chain.balance(hubSigner.address)).toBe(before + 600n)
  const voucher = (await store.channel(channelId, 'payer'))!.voucher!
  const claimed = await chain.claim([{ config, voucher, totalClaimed: 400n }], signer)
  expect(claimed.settledMicroUsd).toBe(400n)
})

test('leaves the channel of a provider that is there, or was lately', async () => {
  const { idle, line, clock, state } = await openIdle()
  line.current = {} as EarnLine
  await clock.advance(10 * dayMs)
  await idle.reclaim()
  line.current = null
  await clock.advance(6 * dayMs)
  await idle.reclaim()
  expect((await state()).withdrawal).toBeNull()
})

test('takes back from a provider that is there and was never paid, after a day', async () => {
  const money = await openHubMoney({ idleChannelMs: 7 * dayMs, idleUnpaidMs: dayMs })
  const { channel } = hubPayee(1)
  await money.store.addChannel(channel)
  await money.funding.deposit(channel.channelId, 10n)
  const idle = new IdleChannels({ ...money, earn: { lineOf: () => ({}) as EarnLine } })
  const withdrawal = async () => (await money.chain.channel(channel.channelId)).withdrawal
  await idle.reclaim()
  await money.clock.advance(dayMs - 1)
  await idle.reclaim()
  expect(await withdrawal()).toBeNull()
  await money.clock.advance(1)
  await idle.reclaim()
  expect(await withdrawal()).toMatchObject({ amount: 1_000n })
})

test('leaves what is not worth the gas', async () => {
  const { idle, chain, clock, state } = await openIdle()
  Object.assign(chain, { gasCost: async () => 300n })
  await idle.reclaim()
  await clock.advance(8 * dayMs)
  await idle.reclaim()
  expect((await state()).withdrawal).toBeNull()
})

/** A channel that is due to be taken back, and what happens at the instant when that is about to be announced. */
async function openRace(meanwhile: (race: Awaited<ReturnType<typeof openIdle>>) => Promise<unknown>) {
  const race = await openIdle()
  const { chain, clock, idle } = race
  await idle.reclaim()
  await clock.advance(8 * dayMs)
  const happened = Promise.withResolvers<unknown>()
  Object.assign(chain, {
    async gasCost() {
      happened.resolve(await meanwhile(race).catch((error: unknown) => error))
      return 11n
    },
  })
  await idle.reclaim()
  return { ...race, happened: happened.promise }
}

const line = { remotePeer: 'peer', abort() {} } as unknown as FrameStream

/** Opens a job for all that is free of the channel, as the pay desk does. */
async function openJob(race: Awaited<ReturnType<typeof openIdle>>) {
  const { jobs, store, channelId } = race
  const channels = createProviderChannels(race)
  const job = hubJob(1, hubPayer(1), hubPayee(1), 600n)
  jobs.hold(job, null, line)
  try {
    await channels.secure((await store.channel(channelId, 'payer'))!, job.payerChannelId)
  } catch (error) {
    jobs.drop(job.jobId, line)
    throw error
  }
}

test('a job that comes while a withdrawal is being announced is not served from that money', async () => {
  const { state, happened } = await openRace(openJob)
  expect(await happened).toMatchObject({ code: 'hub/out-of-funds' })
  expect((await state()).withdrawal).toMatchObject({ amount: 600n })
})

test('money that a job has reserved is not taken back', async () => {
  const race = await openIdle()
  const { clock, idle, funding, state } = race
  await idle.reclaim()
  await clock.advance(8 * dayMs)
  // It comes after the look at what is in use, and before the look at the money.
  const takeBack = funding.takeBack.bind(funding)
  funding.takeBack = async (...given) => {
    await openJob(race)
    return takeBack(...given)
  }
  await idle.reclaim()
  expect((await state()).withdrawal).toBeNull()
})

test('a deposit that is under way keeps its channel, and one that comes during the announcement is not lost', async () => {
  const { idle, chain, clock, config, channelId, happened, funding, state } = await openRace(
    ({ funding: money, channelId: id }) => money.deposit(id, 10n),
  )
  await happened
  expect(await state()).toMatchObject({ balance: 2_000n, withdrawal: { amount: 600n } })
  expect(await funding.of(channelId)).toMatchObject({ lockedMicroUsd: 1_000n, isWithdrawing: true })
  const before = await chain.balance(hubSigner.address)
  await clock.advance(config.withdrawDelay * 1000)
  await idle.reclaim()
  expect(await chain.balance(hubSigner.address)).toBe(before + 600n)
  expect(await funding.of(channelId)).toMatchObject({ lockedMicroUsd: 1_000n, isWithdrawing: false })

  const other = await openIdle()
  await other.idle.reclaim()
  await other.clock.advance(8 * dayMs)
  const depositing = other.funding.deposit(other.channelId, 10n)
  await other.idle.reclaim()
  await depositing
  expect(await other.state()).toMatchObject({ balance: 2_000n, withdrawal: null })
})
