import { expect, test } from 'vitest'
import { signVoucher } from '../../src/ledger/sign-voucher.ts'
import { openHubMoney } from '../../tests/fixtures/hub-money.ts'
import { hubPayee, hubSigner } from '../../tests/fixtures/hub-world.ts'
import { network } from '../../tests/fixtures/jobs.ts'
import type { EarnLine } from './earn-line.ts'
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

test('leaves what is not worth the gas', async () => {
  const { idle, chain, clock, state } = await openIdle()
  Object.assign(chain, { gasCost: async () => 300n })
  await idle.reclaim()
  await clock.advance(8 * dayMs)
  await idle.reclaim()
  expect((await state()).withdrawal).toBeNull()
})
