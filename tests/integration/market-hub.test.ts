import { describe, expect, test } from 'vitest'
import { withSpread } from '../../src/domain/hub.ts'
import { chargeMicroUsd } from '../../src/domain/price.ts'
import type { Answer, AskEvent } from '../../src/roles/answer.ts'
import { account } from '../fixtures/hub.ts'
import { type Between, type HubChange, openHubMarket, withoutGas } from '../fixtures/hub-market.ts'
import { longJob } from '../fixtures/hub-provider.ts'
import { price } from '../fixtures/jobs.ts'
import { hubDeskProtocol, hubPayProtocol } from '../../src/protocol/protocols.ts'
import { encodeFrame, parseFrame } from '../../src/protocol/frame-codec.ts'
import { hubDeskRequestSchema, hubPayRequestSchema } from '../../src/protocol/hub-messages.ts'
import type { FrameStream } from '../../src/ports/index.ts'
import { hastyClock, makeAsk, never, runAsk } from '../fixtures/market.ts'

const wallet = account(1)
const long = makeAsk(longJob)

/** A hub, a provider that earns through it, and a requester that has money and no gas. */
async function openDeal(change: HubChange = {}) {
  const market = await openHubMarket(change.clock)
  const hub = market.startHub(change)
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
    const second = await market.joinProvider(account(4))
    await second.atHub()
    const first = await runAsk(buyer.requester.ask(makeAsk(), never))
    const twin = await market.joinRequester(wallet, buyer.vouchers, withoutGas(market.chain))
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

/** Lets a line to the hub live for so many frames, then breaks it; each later line lives for one more. */
function breaking(frames: number): Between & { broken: number } {
  const between = async (stream: FrameStream, answer: (stream: FrameStream) => Promise<void>) => {
    let left = frames + between.broken
    const read: FrameStream['read'] = async (signal) => {
      if (left-- > 0) return stream.read(signal)
      between.broken += 1
      const error = new Error('The line broke.')
      stream.abort(error)
      throw error
    }
    await answer({ ...bound(stream), read })
  }
  between.broken = 0
  return between
}

/** Returns a stream's methods as an object that can be spread and overridden. */
function bound(stream: FrameStream): FrameStream {
  return {
    remotePeer: stream.remotePeer,
    read: (signal) => stream.read(signal),
    write: (frame) => stream.write(frame),
    close: () => stream.close(),
    abort: (error) => stream.abort(error),
  }
}

/** A hub that opens jobs, takes vouchers and hands none of them on. */
function withholding(saysPaid: boolean): Between & { taken: bigint } {
  const between = async (stream: FrameStream, answer: (stream: FrameStream) => Promise<void>) => {
    const read: FrameStream['read'] = async (signal) => {
      for (;;) {
        const frame = await stream.read(signal)
        if (frame === null) return null
        const request = parseFrame(hubPayRequestSchema, frame)
        if (request.type === 'open') return frame
        between.taken = request.voucher.maxClaimableAmount
        const { chargeMicroUsd } = request
        if (saysPaid) await stream.write(encodeFrame({ type: 'paid', chargeMicroUsd }))
      }
    }
    await answer({ ...bound(stream), read })
  }
  between.taken = 0n
  return between
}

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
    ['and says nothing', false, 1],
    ['and says that it did', true, 33],
  ])(
    'takes vouchers, hands nothing on %s: the requester loses one chunk at most',
    async (_name, says, tokens) => {
      const line = withholding(says)
      const deal = await openDeal({ between: { [hubPayProtocol.id]: line }, clock: hastyClock })
      const { market, seller, buyer } = deal
      const answer = await runAsk(buyer.requester.ask(long, never))
      expect(answer.error?.code).toBe('hub/unpaid')
      expect(answer.finishReason).toBe('unpaid')
      expect(seller.provider.status().earnedMicroUsd).toBe(0n)
      const paidFor = { ...answer.tokens, completionTokens: tokens }
      const lost = withSpread(chargeMicroUsd(paidFor, price), deal.hub.terms)
      expect(answer.chargeMicroUsd).toBe(lost)
      expect(line.taken).toBe(lost + (await market.store.totals()).feesMicroUsd)
      expect(answer.tokens.completionTokens).toBeGreaterThanOrEqual(tokens)
      await deal.stop()
    },
  )
})
