import { expect, test } from 'vitest'
import { createMemoryChain } from '../../src/chain/memory-chain.ts'
import { systemClock } from '../../src/device/system-clock.ts'
import { withSpread } from '../../src/domain/hub.ts'
import { chargeMicroUsd } from '../../src/domain/price.ts'
import { signVoucher } from '../../src/ledger/sign-voucher.ts'
import { hubDeskProtocol, hubPayProtocol } from '../../src/protocol/protocols.ts'
import type { AskEvent } from '../../src/roles/ask/ask-event.ts'
import { costOf, openDeal, wallet } from '../fixtures/hub-deal.ts'
import { faultyDesk, refusing } from '../fixtures/hub-faults.ts'
import { withOwn } from '../fixtures/hub-market.ts'
import { longJob } from '../fixtures/hub-provider.ts'
import { network, price } from '../fixtures/jobs.ts'
import { makeAsk, never, runAsk } from '../fixtures/market.ts'

const long = makeAsk(longJob)

/** Does something once, when so many tokens have come. */
const once = (tokens: number, work: () => unknown) => {
  let done = false
  return async (event: AskEvent) => {
    if (done || event.type !== 'tokens' || event.tokens.completionTokens < tokens) return
    done = true
    await work()
  }
}

test('the hub starts again in the middle of an answer: it goes on, paid to the micro-unit', async () => {
  const deal = await openDeal()
  const { market, seller, buyer } = deal
  let hub = deal.hub
  const restart = async () => {
    await hub.stop()
    hub = market.startHub()
  }
  const answer = await runAsk(buyer.requester.ask(long, never), once(40, restart))
  expect(answer.error).toBeNull()
  const { charged, paid } = costOf(deal, [answer])
  expect(answer).toMatchObject({ chargeMicroUsd: paid, handedOnMicroUsd: charged, finishReason: 'stop' })
  await expect.poll(() => seller.provider.status().earnedMicroUsd, { timeout: 5_000 }).toBe(charged)
  const [channel] = await buyer.vouchers.channels('payer')
  const { feesMicroUsd } = await market.store.totals()
  expect(channel?.voucher?.maxClaimableAmount).toBe(paid + feesMicroUsd)
  expect(await market.store.attributed(channel!.channelId)).toBe(paid + feesMicroUsd)
  await seller.provider.stop()
  await hub.stop()
})

test('cancelled: what came is paid, and what was reserved is free again', async () => {
  const deal = await openDeal()
  const { seller, buyer } = deal
  const cancel = new AbortController()
  const answer = await runAsk(
    buyer.requester.ask(long, cancel.signal),
    once(20, () => cancel.abort()),
  )
  expect(answer).toMatchObject({ finishReason: 'cancelled', error: null })
  const { charged, paid } = costOf(deal, [answer])
  expect(answer).toMatchObject({ chargeMicroUsd: paid, handedOnMicroUsd: charged })
  await expect.poll(() => seller.provider.status().earnedMicroUsd).toBe(charged)
  expect((await deal.hub.figures()).jobsOpen).toBe(0)
  await deal.stop()
})

test('cancelled while the hub sends the deposit: the wait ends at once, and the deposit serves the next answer', async () => {
  const reply = Promise.withResolvers<null>()
  const asked = Promise.withResolvers<void>()
  const desk = faultyDesk(async ({ type }) => {
    if (type !== 'deposit') return null
    asked.resolve()
    return reply.promise
  })
  const deal = await openDeal({ between: { [hubDeskProtocol.id]: desk } })
  const { market, buyer } = deal
  const cancel = new AbortController()
  const asking = runAsk(buyer.requester.ask(makeAsk(), cancel.signal))
  await asked.promise
  cancel.abort()
  await expect(asking).rejects.toMatchObject({ code: 'market/cancelled' })
  reply.resolve(null)
  const answer = await runAsk(buyer.requester.ask(makeAsk(), never))
  expect(answer.error).toBeNull()
  expect((await market.chain.channel(answer.terms.channelId)).balance).toBe(1_000_000n)
  expect(await buyer.vouchers.channels('payer')).toHaveLength(1)
  await deal.stop()
})

test('the provider leaves: no more is paid than came, and it goes to the provider all the same', async () => {
  const deal = await openDeal()
  const { market, seller, buyer } = deal
  const leave = () => market.tabs.kill(seller.peerId)
  const answer = await runAsk(buyer.requester.ask(long, never), once(40, leave))
  expect(answer.error).not.toBeNull()
  expect(answer.receipt).toBeNull()
  expect(answer.chargeMicroUsd).toBeGreaterThan(0n)
  expect(answer.chargeMicroUsd).toBeLessThanOrEqual(
    withSpread(chargeMicroUsd(answer.tokens, price), deal.hub.terms),
  )
  const { volumeMicroUsd, spreadMicroUsd } = await market.store.totals()
  expect(volumeMicroUsd).toBe(answer.handedOnMicroUsd)
  expect(volumeMicroUsd + spreadMicroUsd).toBe(answer.chargeMicroUsd)
  await deal.hub.stop()
})

test('a channel that is used up is deposited into again, through the hub', async () => {
  const deal = await openDeal()
  const { market, buyer } = deal
  const first = await runAsk(buyer.requester.ask(makeAsk(), never))
  const { channelId } = first.terms
  const almostAll = await signVoucher(channelId, 999_990n, market.chain.network, buyer.session)
  await buyer.vouchers.raiseVoucher('payer', almostAll)
  const fee = (await buyer.requester.quote(long.modelId))?.depositFeeMicroUsd
  expect(fee).toBeGreaterThan(0n)
  const steps: AskEvent[] = []
  const second = await runAsk(buyer.requester.ask(makeAsk(), never), (event) => void steps.push(event))
  expect(steps).toContainEqual({
    type: 'funding',
    stage: 'deposit',
    amountMicroUsd: 1_000_000n,
    feeMicroUsd: fee,
  })
  expect(second).toMatchObject({ error: null, terms: { channelId } })
  expect((await market.chain.channel(channelId)).balance).toBe(2_000_000n)
  expect(await market.chain.balance(wallet.address)).toBe(0n)
  const { paid } = costOf(deal, [first, second])
  expect(await market.store.attributed(channelId)).toBe(paid + (await market.store.totals()).feesMicroUsd)
  const kept = await buyer.vouchers.channel(channelId, 'payer')
  expect(kept?.voucher?.maxClaimableAmount).toBe(999_990n + fee!)
  await deal.stop()
})

test('a hub that knows of more that is open on a channel is given more', async () => {
  const line = refusing('hub/underfunded')
  const deal = await openDeal({ between: { [hubPayProtocol.id]: line } })
  const { market, buyer } = deal
  let deposits = 0
  const answer = await runAsk(buyer.requester.ask(makeAsk(), never), (event) => {
    if (event.type === 'funding' && event.stage === 'deposited') deposits++
  })
  expect(answer.error).toBeNull()
  expect(deposits).toBe(2)
  expect((await market.chain.channel(answer.terms.channelId)).balance).toBe(2_000_000n)
  await deal.stop()
})

test('a hub that sends a second deposit for nothing is promised nothing for it', async () => {
  const chain = withOwn(createMemoryChain(network, systemClock), { gasCost: async () => 0n })
  const deal = await openDeal({ chain, between: { [hubPayProtocol.id]: refusing('hub/underfunded') } })
  const answer = await runAsk(deal.buyer.requester.ask(makeAsk(), never))
  expect(answer.error).toBeNull()
  const { channelId } = answer.terms
  expect((await chain.channel(channelId)).balance).toBe(2_000_000n)
  const kept = await deal.buyer.vouchers.channel(channelId, 'payer')
  expect(kept?.voucher?.maxClaimableAmount).toBe(costOf(deal, [answer]).paid)
  await deal.stop()
})
