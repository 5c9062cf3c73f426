import { expect, test } from 'vitest'
import { systemClock } from '../../src/device/system-clock.ts'
import { createWithdrawals } from '../../src/roles/wallet/withdraw.ts'
import { makeAsk, never, openMarket, runAsk } from '../fixtures/market.ts'

test('taken back right after an answer: the provider loses nothing, and the next answer has its own channel', async () => {
  let aheadMs = 0
  const clock = { ...systemClock, nowMs: () => Date.now() + aheadMs }
  const market = openMarket(clock)
  const { chain } = market
  const seller = await market.joinProvider()
  const { requester, vouchers, documents, wallet, session, hubs } = await market.joinRequester()
  const withdrawals = createWithdrawals({ chain, vouchers, documents, wallet, session, hubs, clock })

  const first = await runAsk(requester.ask(makeAsk(), never))
  const [funded] = await withdrawals.list()
  await withdrawals.takeBack(first.terms.channelId)
  const steps: string[] = []
  const second = await runAsk(requester.ask(makeAsk(), never), (event) => {
    if (event.type === 'funding') steps.push(event.stage)
  })
  expect(second.error).toBeNull()
  expect(second.terms.channelId).not.toBe(first.terms.channelId)
  expect(steps).toEqual(['deposit', 'deposited'])
  expect(await withdrawals.list()).toHaveLength(2)

  const before = await chain.balance(wallet.address)
  aheadMs = first.channel.withdrawDelay * 1000
  expect(await withdrawals.finish(first.terms.channelId)).toMatchObject({
    amountMicroUsd: funded?.amountMicroUsd,
  })
  expect(await chain.balance(wallet.address)).toBe(before + (funded?.amountMicroUsd ?? 0n))
  expect(await withdrawals.list()).toMatchObject([{ channelId: second.terms.channelId, withdrawal: null }])

  await seller.settlement.claim()
  const earned = first.chargeMicroUsd + second.chargeMicroUsd
  expect(await chain.balance(seller.wallet.address)).toBe(earned)
  await seller.provider.stop()
})
