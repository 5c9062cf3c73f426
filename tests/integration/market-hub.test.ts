import { describe, expect, test, vi } from 'vitest'
import { defaultHubPolicy } from '../../relay/hub/hub-policy.ts'
import { withSpread } from '../../src/domain/hub.ts'
import { chargeMicroUsd } from '../../src/domain/price.ts'
import { TransportError } from '../../src/errors/index.ts'
import type { AskEvent } from '../../src/roles/ask/ask-event.ts'
import { createHubClient } from '../../src/roles/hub/hub-client.ts'
import { signVoucher } from '../../src/ledger/sign-voucher.ts'
import type { Answer } from '../../src/roles/tasks/answer.ts'
import { account } from '../fixtures/hub.ts'
import { breaking, faultyDesk, gathering, insatiable, refusing, withholding } from '../fixtures/hub-faults.ts'
import { costOf, openDeal, wallet } from '../fixtures/hub-deal.ts'
import { withoutGas } from '../fixtures/hub-market.ts'
import { longJob } from '../fixtures/hub-provider.ts'
import { price } from '../fixtures/jobs.ts'
import { hubDeskProtocol, hubPayProtocol } from '../../src/protocol/protocols.ts'
import { hastyClock, makeAsk, never, runAsk } from '../fixtures/market.ts'

const long = makeAsk(longJob)

describe('an answer that a hub pays for', () => {
  test('costs charge and spread to the micro-unit, and the wallet sends nothing itself', async () => {
    const deal = await openDeal()
    const { market, hub, seller, buyer } = deal
    const quote = await buyer.requester.quote(long.modelId)
    expect(quote?.hub?.account).toBe(hub.terms.account)
    expect(quote?.depositFeeMicroUsd).toBeGreaterThan(0n)

    const steps: AskEvent[] = []
    const answer = await runAsk(buyer.requester.ask(long, never), (event) => void steps.push(event))
    expect(answer.error).toBeNull()
    const { charged, paid } = costOf(deal, [answer])
    expect(answer).toMatchObject({ chargeMicroUsd: paid, handedOnMicroUsd: charged, hub: quote?.hub })
    expect(answer.receipt?.receipt.chargeMicroUsd).toBe(charged)
    const feeMicroUsd = quote!.depositFeeMicroUsd!
    expect(steps.filter(({ type }) => type === 'funding')).toEqual([
      { type: 'funding', stage: 'deposit', amountMicroUsd: 1_000_000n, feeMicroUsd },
      {
        type: 'funding',
        stage: 'deposited',
        amountMicroUsd: 1_000_000n,
        feeMicroUsd,
        transaction: expect.stringMatching(/^0x/),
        channelId: answer.terms.channelId,
      },
    ])
    const [channel] = await buyer.vouchers.channels('payer')
    expect(channel?.voucher?.maxClaimableAmount).toBe(paid + feeMicroUsd)
    expect(await market.store.attributed(channel!.channelId)).toBe(paid + feeMicroUsd)
    await expect.poll(() => seller.provider.status().earnedMicroUsd).toBe(charged)
    expect((await buyer.requester.quote(long.modelId))?.depositFeeMicroUsd).toBeNull()
    await deal.stop()
  })

  test('many at once, from two tabs of one browser, share one channel and one deposit', async () => {
    const deal = await openDeal()
    const { market, seller, buyer } = deal
    const second = await market.joinProvider(account(4))
    await second.atHub()
    const first = await runAsk(buyer.requester.ask(makeAsk(), never))
    const twin = await market.joinRequester(wallet, buyer, withoutGas(market.chain))
    const tabs = [buyer, twin, buyer, twin]
    const others = await Promise.all(tabs.map(({ requester }) => runAsk(requester.ask(makeAsk(), never))))
    const answers = [first, ...others]
    expect(answers.map(({ error }) => error)).toEqual(answers.map(() => null))
    const { charged, paid } = costOf(deal, answers)
    const channels = await buyer.vouchers.channels('payer')
    expect(channels).toHaveLength(1)
    const earned = () => [seller, second].map(({ provider }) => provider.status().earnedMicroUsd)
    await expect.poll(() => earned().reduce((sum, one) => sum + one, 0n)).toBe(charged)
    expect(earned().every((one) => one > 0n)).toBe(true)
    const fees = (await market.store.totals()).feesMicroUsd
    expect(await market.store.attributed(channels[0]!.channelId)).toBe(paid + fees)
    expect(channels[0]?.voucher?.maxClaimableAmount).toBe(paid + fees)
    await second.provider.stop()
    await deal.stop()
  })
})

describe('a hub that fails', () => {
  test('its line breaks again and again: payments resume, and none counts twice', async () => {
    const line = breaking(2)
    const deal = await openDeal({ between: { [hubPayProtocol.id]: line } })
    const { market, seller, buyer } = deal
    const answer = await runAsk(buyer.requester.ask(long, never))
    expect(line.broken).toBeGreaterThan(1)
    expect(answer.error).toBeNull()
    const { charged, paid } = costOf(deal, [answer])
    expect(answer).toMatchObject({ chargeMicroUsd: paid, handedOnMicroUsd: charged })
    await expect.poll(() => seller.provider.status().earnedMicroUsd).toBe(charged)
    const [channel] = await buyer.vouchers.channels('payer')
    const { feesMicroUsd } = await market.store.totals()
    expect(channel?.voucher?.maxClaimableAmount).toBe(paid + feesMicroUsd)
    await deal.stop()
  })

  test.each([
    ['and says nothing', false],
    ['and says that it did', true],
  ])(
    'takes vouchers, hands nothing on %s: the requester loses the prompt and one token',
    async (_name, says) => {
      const line = withholding(says)
      const deal = await openDeal({ between: { [hubPayProtocol.id]: line }, clock: hastyClock })
      const { market, seller, buyer } = deal
      const answer = await runAsk(buyer.requester.ask(long, never))
      expect(answer.error?.code).toBe('hub/unpaid')
      expect(answer.finishReason).toBe('unpaid')
      expect(seller.provider.status().earnedMicroUsd).toBe(0n)
      const paidFor = { ...answer.tokens, completionTokens: 1 }
      const lost = withSpread(chargeMicroUsd(paidFor, price), deal.hub.terms)
      expect(answer.chargeMicroUsd).toBe(lost)
      expect(line.taken).toBe(lost + (await market.store.totals()).feesMicroUsd)
      expect(answer.tokens.completionTokens).toBe(1)
      await deal.stop()
    },
  )

  test('says of every voucher that it is used up: the requester gives it one payment twice, and no more', async () => {
    const line = insatiable()
    const deal = await openDeal({ between: { [hubPayProtocol.id]: line }, clock: hastyClock })
    const answer = await runAsk(deal.buyer.requester.ask(long, never))
    expect(answer.error?.code).toBe('hub/unpaid')
    const first = withSpread(chargeMicroUsd({ ...answer.tokens, completionTokens: 1 }, price), deal.hub.terms)
    const { feesMicroUsd } = await deal.market.store.totals()
    expect(line.taken).toBe(feesMicroUsd + 2n * first)
    await deal.stop()
  })
})

describe('a hub that is in the way', () => {
  test('is gone when the deposit is due: the page is told, and the tab is paid directly', async () => {
    const deal = await openDeal()
    const { market, seller, hub } = deal
    const buyer = await market.joinRequester(wallet)
    expect((await buyer.requester.quote(long.modelId))?.hub).not.toBeNull()
    const open = buyer.transport.open.bind(buyer.transport)
    vi.spyOn(buyer.transport, 'open').mockImplementation(async (peer, protocol, signal) => {
      if (protocol === hubDeskProtocol) throw new TransportError('transport/peer-unreachable', 'Gone.')
      return open(peer, protocol, signal)
    })
    const steps: AskEvent[] = []
    const answer = await runAsk(buyer.requester.ask(long, never), (event) => void steps.push(event))
    expect(steps.find(({ type }) => type === 'bypassing')).toMatchObject({
      hub: { account: hub.terms.account },
    })
    expect(answer).toMatchObject({ error: null, hub: null })
    const { charged } = costOf(deal, [answer])
    expect(answer.chargeMicroUsd).toBe(charged)
    await expect.poll(() => seller.provider.status().earnedMicroUsd).toBe(charged)
    await deal.stop()
  })

  test('has another spread now: the answer is paid by the new one', async () => {
    const deal = await openDeal()
    const { market, seller, buyer } = deal
    await runAsk(buyer.requester.ask(makeAsk(), never))
    await deal.hub.stop()
    const hub = market.startHub({ policy: { spreadMillionths: 50_000 } })
    const spread = async () => (await buyer.requester.quote(long.modelId))?.hub?.spreadMillionths
    await expect.poll(spread, { timeout: 10_000 }).toBe(50_000)
    const second = await runAsk(buyer.requester.ask(long, never))
    expect(second).toMatchObject({ error: null, hub: { spreadMillionths: 50_000 } })
    expect(second.chargeMicroUsd).toBe(withSpread(second.receipt!.receipt.chargeMicroUsd, hub.terms))
    await seller.provider.stop()
    await hub.stop()
  })

  test('refuses once because its spread has changed: the offers are looked at anew', async () => {
    const line = refusing('hub/spread-changed')
    const deal = await openDeal({ between: { [hubPayProtocol.id]: line } })
    const answer = await runAsk(deal.buyer.requester.ask(makeAsk(), never))
    expect(line.refused).toBe(1)
    expect(answer).toMatchObject({ error: null, hub: { account: deal.hub.terms.account } })
    await deal.stop()
  })

  test('its fee has gone up since it was quoted: the same deposit is sent for the new one', async () => {
    const deal = await openDeal()
    const { market, buyer } = deal
    const quoted = await buyer.hubs.client(deal.hub.terms.peerId).quote('deposit')
    await deal.hub.stop()
    const hub = market.startHub({ policy: { weiPerMicroUsd: defaultHubPolicy.weiPerMicroUsd / 2n } })
    vi.spyOn(buyer.hubs, 'client').mockImplementationOnce((peerId) => {
      const client = createHubClient(peerId, { ...buyer, network: market.chain.network })
      return { ...client, quote: async () => quoted }
    })
    await expect
      .poll(async () => (await buyer.requester.quote(long.modelId))?.hub, { timeout: 5_000 })
      .not.toBeNull()
    const answer = await runAsk(buyer.requester.ask(makeAsk(), never))
    expect(answer.error).toBeNull()
    const { feesMicroUsd } = await market.store.totals()
    expect(feesMicroUsd).toBeGreaterThan(quoted.feeMicroUsd)
    const [channel] = await buyer.vouchers.channels('payer')
    expect(channel?.voucher?.maxClaimableAmount).toBe(answer.chargeMicroUsd + feesMicroUsd)
    await deal.seller.provider.stop()
    await hub.stop()
  })

  test.each(['lost before', 'lost after'] as const)(
    'its word on the deposit is %s: the chain decides, and nothing is paid twice',
    async (fault) => {
      let faults = 0
      const desk = faultyDesk(({ type }) => (type === 'deposit' && faults++ === 0 ? fault : null))
      const deal = await openDeal({ between: { [hubDeskProtocol.id]: desk }, clock: hastyClock })
      const { market, buyer } = deal
      const first = await runAsk(buyer.requester.ask(makeAsk(), never)).catch((error: unknown) => error)
      if (fault === 'lost before') expect(first).toMatchObject({ code: 'hub/no-answer' })
      else expect(first).toMatchObject({ error: null })
      const second = await runAsk(buyer.requester.ask(makeAsk(), never))
      expect(second.error).toBeNull()
      const answers = fault === 'lost before' ? [second] : [first as Answer, second]
      const { paid } = costOf(deal, answers)
      const { feesMicroUsd } = await market.store.totals()
      const channels = await buyer.vouchers.channels('payer')
      expect(channels.map(({ voucher }) => voucher?.maxClaimableAmount)).toEqual([paid + feesMicroUsd])
      expect(await market.chain.balance(wallet.address)).toBe(1_000_000n)
      expect((await market.chain.channel(channels[0]!.channelId)).balance).toBe(1_000_000n)
      await deal.stop()
    },
  )
})

describe('what was promised', () => {
  test('and forgotten is learnt from the hub', async () => {
    const deal = await openDeal()
    const { market, buyer } = deal
    const first = await runAsk(buyer.requester.ask(makeAsk(), never))
    const [record] = await buyer.vouchers.channels('payer')
    const forgetful = await market.joinRequester(wallet, undefined, withoutGas(market.chain))
    await forgetful.vouchers.addChannel({ ...record!, voucher: null })
    const second = await runAsk(forgetful.requester.ask(makeAsk(), never))
    expect(second.error).toBeNull()
    const { paid } = costOf(deal, [first, second])
    const { feesMicroUsd } = await market.store.totals()
    const kept = await forgetful.vouchers.channel(record!.channelId, 'payer')
    expect(kept?.voucher?.maxClaimableAmount).toBe(paid + feesMicroUsd)
    await deal.stop()
  })

  test('and never used pays for the next answer first', async () => {
    const deal = await openDeal()
    const { market, buyer } = deal
    const first = await runAsk(buyer.requester.ask(makeAsk(), never))
    const [record] = await buyer.vouchers.channels('payer')
    const lost = record!.voucher!.maxClaimableAmount + 100n
    await buyer.vouchers.raiseVoucher(
      'payer',
      await signVoucher(record!.channelId, lost, market.chain.network, buyer.session),
    )
    const second = await runAsk(buyer.requester.ask(makeAsk(), never))
    expect(second.error).toBeNull()
    const { paid } = costOf(deal, [first, second])
    const { feesMicroUsd } = await market.store.totals()
    const kept = await buyer.vouchers.channel(record!.channelId, 'payer')
    expect(kept?.voucher?.maxClaimableAmount).toBe(paid + feesMicroUsd)
    await deal.stop()
  })

  test('and never used is taken by two tabs at once: who comes second promises it again', async () => {
    const line = gathering()
    const deal = await openDeal({ between: { [hubPayProtocol.id]: line } })
    const { market, buyer } = deal
    const other = await market.joinProvider(account(4))
    await other.atHub()
    const first = await runAsk(buyer.requester.ask(makeAsk(), never))
    const [record] = await buyer.vouchers.channels('payer')
    const { channelId, voucher } = record!
    const unused = await signVoucher(
      channelId,
      voucher!.maxClaimableAmount + 100n,
      market.chain.network,
      buyer.session,
    )
    await buyer.vouchers.raiseVoucher('payer', unused)
    const twin = await market.joinRequester(wallet, buyer, withoutGas(market.chain))
    line.missing = 2
    const both = await Promise.all([buyer, twin].map(({ requester }) => runAsk(requester.ask(long, never))))
    expect(line.refusals).toContain('ledger/unattributed')
    expect(both.map(({ error }) => error)).toEqual([null, null])
    const { paid } = costOf(deal, [first, ...both])
    const { feesMicroUsd } = await market.store.totals()
    const kept = await buyer.vouchers.channel(channelId, 'payer')
    expect(kept?.voucher?.maxClaimableAmount).toBe(paid + feesMicroUsd)
    expect(await market.store.attributed(channelId)).toBe(paid + feesMicroUsd)
    await other.provider.stop()
    await deal.stop()
  })
})
