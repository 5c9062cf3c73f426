import { describe, expect, test } from 'vitest'
import { withSpread } from '../../src/domain/hub.ts'
import { chargeMicroUsd } from '../../src/domain/price.ts'
import type { Answer, AskEvent } from '../../src/roles/answer.ts'
import { account } from '../fixtures/hub.ts'
import { openHubMarket, withoutGas } from '../fixtures/hub-market.ts'
import { longJob } from '../fixtures/hub-provider.ts'
import { price } from '../fixtures/jobs.ts'
import { makeAsk, never, runAsk } from '../fixtures/market.ts'

const wallet = account(1)
const long = makeAsk(longJob)

/** A hub, a provider that earns through it, and a requester that has money and no gas. */
async function openDeal() {
  const market = await openHubMarket()
  const hub = market.startHub()
  const seller = await market.joinProvider()
  await seller.atHub()
  await market.chain.faucet(wallet.address, 2_000_000n)
  const buyer = await market.joinRequester(wallet, undefined, withoutGas(market.chain))
  const stop = async () => {
    await seller.provider.stop()
    await hub.stop()
  }
  return { market, hub, seller, buyer, stop }
}

type Deal = Awaited<ReturnType<typeof openDeal>>

/** What all answers cost to the micro-unit, and who holds it. */
function costOf({ hub }: Deal, answers: Answer[]) {
  const charges = answers.map(({ tokens }) => chargeMicroUsd(tokens, price))
  const charged = charges.reduce((sum, charge) => sum + charge, 0n)
  const paid = charges.reduce((sum, charge) => sum + withSpread(charge, hub.terms), 0n)
  return { charged, paid }
}

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
    const first = await runAsk(buyer.requester.ask(makeAsk(), never))
    const twin = await market.joinRequester(wallet, buyer.vouchers, withoutGas(market.chain))
    const tabs = [buyer, twin, buyer, twin]
    const others = await Promise.all(tabs.map(({ requester }) => runAsk(requester.ask(makeAsk(), never))))
    const answers = [first, ...others]
    expect(answers.map(({ error }) => error)).toEqual(answers.map(() => null))
    const { charged, paid } = costOf(deal, answers)
    const channels = await buyer.vouchers.channels('payer')
    expect(channels).toHaveLength(1)
    await expect.poll(() => seller.provider.status().earnedMicroUsd).toBe(charged)
    const fees = (await market.store.totals()).feesMicroUsd
    expect(await market.store.attributed(channels[0]!.channelId)).toBe(paid + fees)
    expect(channels[0]?.voucher?.maxClaimableAmount).toBe(paid + fees)
    await deal.stop()
  })
})
