import { describe, expect, test } from 'vitest'
import { sessionSeconds } from '../../src/domain/session.ts'
import { hubDeskProtocol } from '../../src/protocol/protocols.ts'
import { account } from '../fixtures/hub.ts'
import { costOf, openDeal, wallet } from '../fixtures/hub-deal.ts'
import { openHubMarket, withOwn, withoutGas } from '../fixtures/hub-market.ts'
import { network } from '../fixtures/jobs.ts'
import { faultyDesk } from '../fixtures/hub-faults.ts'
import { hastyClock, makeAsk, never, runAsk } from '../fixtures/market.ts'

describe('money comes out again without gas', () => {
  test('a channel to the hub is paid back at once, less the fee', async () => {
    const deal = await openDeal()
    const { market, buyer } = deal
    const answer = await runAsk(buyer.requester.ask(makeAsk(), never))
    const [listed] = await buyer.withdrawals.list()
    expect(listed?.refund?.feeMicroUsd).toBeGreaterThan(0n)
    const before = await market.chain.balance(wallet.address)
    const returned = await buyer.withdrawals.takeBack(answer.terms.channelId)
    const { feeMicroUsd } = listed!.refund!
    expect(returned).toEqual({
      amountMicroUsd: listed!.amountMicroUsd - feeMicroUsd,
      feeMicroUsd,
      transaction: expect.stringMatching(/^0x/),
    })
    expect(await market.chain.balance(wallet.address)).toBe(before + returned!.amountMicroUsd)
    const { paid } = costOf(deal, [answer])
    expect(await market.chain.balance(wallet.address)).toBe(
      2_000_000n - paid - (await market.store.totals()).feesMicroUsd,
    )
    expect(await buyer.withdrawals.list()).toEqual([])

    const next = await runAsk(buyer.requester.ask(makeAsk(), never))
    expect(next.error).toBeNull()
    await deal.stop()
  })

  test.each([
    ['the next attempt', 0],
    ['the answers between', 2],
  ])('what was promised for a refund that failed pays for %s', async (_what, answersBetween) => {
    let faults = 0
    const desk = faultyDesk(({ type }) => (type === 'refund' && faults++ === 0 ? 'lost before' : null))
    const deal = await openDeal({ between: { [hubDeskProtocol.id]: desk }, clock: hastyClock })
    const { market, buyer } = deal
    const answers = [await runAsk(buyer.requester.ask(makeAsk(), never))]
    const { channelId } = answers[0]!.terms
    const promised = async () =>
      (await buyer.vouchers.channel(channelId, 'payer'))?.voucher?.maxClaimableAmount
    await expect(buyer.withdrawals.takeBack(channelId)).rejects.toMatchObject({ code: 'hub/no-answer' })
    const promisedForIt = await promised()
    for (let n = 0; n < answersBetween; n++) answers.push(await runAsk(buyer.requester.ask(makeAsk(), never)))
    expect(await buyer.withdrawals.takeBack(channelId)).not.toBeNull()
    if (answersBetween === 0) expect(await promised()).toBe(promisedForIt)
    const { paid } = costOf(deal, answers)
    const { feesMicroUsd } = await market.store.totals()
    expect(await promised()).toBe(paid + feesMicroUsd)
    expect(await market.chain.balance(wallet.address)).toBe(2_000_000n - paid - feesMicroUsd)
    await deal.stop()
  })

  test('a channel whose session key has ended is paid back too, when the wallet itself asks', async () => {
    let aheadMs = 0
    const clock = { nowMs: () => Date.now() + aheadMs, sleep: hastyClock.sleep }
    const deal = await openDeal({ clock })
    const { market, buyer } = deal
    const answer = await runAsk(buyer.requester.ask(makeAsk(), never))
    aheadMs = (sessionSeconds + 60) * 1000
    const before = await market.chain.balance(wallet.address)
    const returned = await buyer.withdrawals.takeBack(answer.terms.channelId)
    expect(returned!.amountMicroUsd).toBeGreaterThan(900_000n)
    expect(await market.chain.balance(wallet.address)).toBe(before + returned!.amountMicroUsd)
    await deal.stop()
  })

  test('a hub that is gone leaves the delay of the chain', async () => {
    const deal = await openDeal()
    const { market, buyer } = deal
    const answer = await runAsk(buyer.requester.ask(makeAsk(), never))
    await deal.stop()
    const withGas = await market.joinRequester(wallet, buyer)
    expect(await withGas.withdrawals.takeBack(answer.terms.channelId)).toBeNull()
    expect(await withGas.withdrawals.list()).toMatchObject([{ refund: null, withdrawal: { isReady: false } }])
  })

  test.each([null, 'lost after'] as const)('dollars go to any address; the reply is %s', async (fault) => {
    const desk = faultyDesk(({ type }) => (type === 'transfer' ? fault : null))
    const deal = await openDeal({ between: { [hubDeskProtocol.id]: desk }, clock: hastyClock })
    const { market, buyer, hub } = deal
    const friend = account(900).address
    const quote = await buyer.payOut.quote()
    expect(quote).toMatchObject({
      hub: { account: hub.terms.account },
      mostMicroUsd: 2_000_000n - quote.feeMicroUsd,
    })
    const sent = await buyer.payOut.send(friend, 700_000n, quote)
    expect(sent.amountMicroUsd).toBe(700_000n)
    expect(await market.chain.balance(friend)).toBe(700_000n)
    expect(await market.chain.balance(wallet.address)).toBe(1_300_000n - quote.feeMicroUsd)
    await deal.stop()
  })

  test('a transfer that the hub lost goes once when it is asked for again, and twice when it is meant twice', async () => {
    let faults = 0
    const desk = faultyDesk(({ type }) => (type === 'transfer' && faults++ === 0 ? 'lost before' : null))
    const deal = await openDeal({ between: { [hubDeskProtocol.id]: desk }, clock: hastyClock })
    const { market, buyer } = deal
    const friend = account(900).address
    const quote = await buyer.payOut.quote()
    await expect(buyer.payOut.send(friend, 500_000n, quote)).rejects.toMatchObject({ code: 'hub/no-answer' })
    await buyer.payOut.send(friend, 500_000n, quote)
    expect(await market.chain.balance(friend)).toBe(500_000n)
    await buyer.payOut.send(friend, 500_000n, quote)
    expect(await market.chain.balance(friend)).toBe(1_000_000n)
    await deal.stop()
  })

  test.each([
    ['as it was signed', 'lost before'],
    ['when it had moved already', 'lost after'],
  ] as const)('after a reload what nobody answered for goes once, %s', async (_how, fault) => {
    let isFirst = true
    const desk = faultyDesk(({ type }) => {
      if (type !== 'transfer' || !isFirst) return null
      isFirst = false
      return fault
    })
    const deal = await openDeal({ between: { [hubDeskProtocol.id]: desk }, clock: hastyClock })
    const { market, buyer } = deal
    const friend = account(900).address
    const quote = await buyer.payOut.quote()
    // The page is gone before anybody can tell what became of it.
    const chain = withOwn(market.chain, { authorizationState: async () => 'open' })
    const lost = await market.joinRequester(wallet, buyer, chain)
    await expect(lost.payOut.send(friend, 500_000n, quote)).rejects.toMatchObject({ code: 'hub/no-answer' })
    const { payOut } = await market.joinRequester(wallet, buyer, withoutGas(market.chain))
    await payOut.send(friend, 500_000n, quote)
    expect(await market.chain.balance(friend)).toBe(500_000n)
    expect(await payOut.arrived()).toEqual([])
    await deal.stop()
  })

  test('what arrived after a reload is told once, and the same again is meant', async () => {
    const deal = await openDeal({ clock: hastyClock })
    const { market, buyer } = deal
    const friend = account(900).address
    const transfer = await market.chain.authorizeTransfer(friend, 500_000n, wallet)
    await buyer.documents.put(
      'signed-transfers',
      [network.chainId, wallet.address, friend, 500_000n].join(' '),
      transfer,
    )
    expect(await buyer.payOut.arrived()).toEqual([])
    await market.chain.submitTransfers([transfer], account(77))
    expect(await buyer.payOut.arrived()).toEqual([
      { to: friend, amountMicroUsd: 500_000n, feeMicroUsd: 0n, transaction: null },
    ])
    expect(await buyer.payOut.arrived()).toEqual([])
    await buyer.payOut.send(friend, 500_000n, await buyer.payOut.quote())
    expect(await market.chain.balance(friend)).toBe(1_000_000n)
    await deal.stop()
  })

  test('without a hub the wallet pays its own gas', async () => {
    const market = await openHubMarket()
    await market.chain.faucet(wallet.address, 2_000_000n)
    const { payOut } = await market.joinRequester(wallet)
    const quote = await payOut.quote()
    expect(quote).toEqual({ hub: null, feeMicroUsd: 0n, mostMicroUsd: 2_000_000n })
    const friend = account(900).address
    expect(await payOut.send(friend, 2_000_000n, quote)).toMatchObject({ transaction: expect.any(String) })
    expect(await market.chain.balance(friend)).toBe(2_000_000n)
  })

  test('what cannot be right is refused before it is signed', async () => {
    const deal = await openDeal()
    const { buyer, market } = deal
    const quote = await buyer.payOut.quote()
    const send = (to: string, amount: bigint) => buyer.payOut.send(to, amount, quote)
    await expect(send('0x12', 1n)).rejects.toMatchObject({ code: 'ledger/bad-address' })
    await expect(send(market.chain.network.token, 1n)).rejects.toMatchObject({ code: 'ledger/bad-address' })
    await expect(send(wallet.address, 1n)).rejects.toMatchObject({ code: 'ledger/bad-address' })
    await expect(send(account(900).address, 0n)).rejects.toMatchObject({ code: 'ledger/bad-amount' })
    await expect(send(account(900).address, 2_000_000n)).rejects.toMatchObject({
      code: 'chain/insufficient-funds',
    })
    await deal.stop()
  })
})
