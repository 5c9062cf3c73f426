import { describe, expect, test } from 'vitest'
import { chargeMicroUsd } from '../../src/domain/price.ts'
import { toHex } from '../../src/domain/bytes.ts'
import { checkAnswer } from '../../src/roles/audit/audit.ts'
import { requesterEnd } from '../../src/roles/common/frames.ts'
import { fundChannel } from '../../src/roles/fund/fund-channel.ts'
import { signJob } from '../../src/ledger/sign-job.ts'
import { inferProtocol } from '../../src/protocol/protocols.ts'
import { accounts, makeTerms, network, price } from '../fixtures/jobs.ts'
import { entry, greedy, hastyClock, makeAsk, never, openMarket, runAsk } from '../fixtures/market.ts'

const sampled = { ...greedy, temperature: 0.9, topK: 50 }
const seed = toHex(new Uint8Array(16).fill(5))

async function drain<result>(generator: AsyncGenerator<unknown, result, void>): Promise<result> {
  for (;;) {
    const step = await generator.next()
    if (step.done) return step.value
  }
}

/** What the engine says with nobody in between. */
async function bareAnswer(
  engine: Awaited<ReturnType<ReturnType<typeof openMarket>['joinProvider']>>['engine'],
  ask = makeAsk(),
) {
  const promptIds = await engine.text.encodeChat(ask.messages)
  const { sampler, maxTokens, stop } = ask
  const tokenIds: number[] = []
  let text = ''
  const answer = engine.generate({ promptIds, sampler, seed: ask.seed ?? seed, maxTokens, stop })
  for (;;) {
    const step = await answer.next()
    text += step.value.text
    if (step.done) return { promptIds, tokenIds, text }
    tokenIds.push(step.value.tokenId)
  }
}

describe('an honest deal', () => {
  test.each([
    ['greedy', makeAsk({ seed })],
    ['seeded', makeAsk({ seed, sampler: sampled })],
  ])('%s: the answer is the engine’s own, and costs floor(tokens × price)', async (_name, ask) => {
    const market = openMarket()
    const { engine, provider, settlement, wallet } = await market.joinProvider()
    const { requester } = await market.joinRequester()
    let streamed = ''
    const answer = await runAsk(requester.ask(ask, never), (event) => {
      if (event.type === 'tokens') streamed += event.text
    })
    const bare = await bareAnswer(engine, ask)
    expect(answer.error).toBeNull()
    expect(answer.tokenIds).toEqual(bare.tokenIds)
    expect(answer.text).toBe(bare.text)
    expect(streamed).toBe(bare.text)
    const tokens = { promptTokens: bare.promptIds.length, completionTokens: bare.tokenIds.length }
    expect(answer.chargeMicroUsd).toBe(chargeMicroUsd(tokens, price))
    await expect.poll(() => provider.status().answersServed).toBe(1)
    expect(provider.status().earnedMicroUsd).toBe(answer.chargeMicroUsd)

    const before = await market.chain.balance(wallet.address)
    const claimed = await settlement.claim()
    expect(claimed.skipped).toEqual([])
    expect(await market.chain.balance(wallet.address)).toBe(before + answer.chargeMicroUsd)
    expect((await settlement.overview()).claimableMicroUsd).toBe(0n)
    await provider.stop()
  })

  test('one deposit serves many answers, and vouchers only ever rise', async () => {
    const market = openMarket()
    const { provider } = await market.joinProvider()
    const { requester, vouchers, settlement } = await market.joinRequester()
    let deposits = 0
    let total = 0n
    for (let turn = 0; turn < 4; turn++) {
      const answer = await runAsk(requester.ask(makeAsk(), never), (event) => {
        if (event.type === 'funding' && event.stage === 'deposit') deposits++
      })
      total += answer.chargeMicroUsd
      expect(answer.voucher?.maxClaimableAmount).toBe(total)
    }
    expect(deposits).toBe(1)
    expect((await vouchers.channels('payer')).length).toBe(1)
    expect((await settlement.overview()).spentMicroUsd).toBe(total)
    await provider.stop()
  })

  test('a requester that forgot its vouchers goes on from the one the provider holds', async () => {
    const market = openMarket()
    const { provider } = await market.joinProvider()
    const { requester, vouchers } = await market.joinRequester()
    const first = await runAsk(requester.ask(makeAsk(), never))
    const [record] = await vouchers.channels('payer')
    const forgetful = await market.joinRequester()
    await forgetful.vouchers.addChannel({ ...record!, voucher: null })
    const second = await runAsk(forgetful.requester.ask(makeAsk(), never))
    expect(second.error).toBeNull()
    expect(second.voucher?.maxClaimableAmount).toBe(first.chargeMicroUsd + second.chargeMicroUsd)
    await provider.stop()
  })

  test('the receipt can be checked again, and a changed token cannot hide', async () => {
    const market = openMarket()
    const { provider, engine, openText } = await market.joinProvider()
    const { requester } = await market.joinRequester()
    const answer = await runAsk(requester.ask(makeAsk({ seed, sampler: sampled }), never))
    const deps = { engine, openText, network }
    expect((await checkAnswer(answer, deps)).verdict).toBe('confirmed')
    const forged = { ...answer, tokenIds: answer.tokenIds.with(3, answer.tokenIds[3]! ^ 1) }
    const report = await checkAnswer(forged, deps)
    expect(report.verdict).toBe('mismatch')
    const failed = report.findings.filter(({ ok }) => ok === false).map(({ check }) => check)
    expect(failed).toEqual(expect.arrayContaining(['receipt', 'text', 'tokens']))
    const invented = { ...answer, tokenIds: answer.tokenIds.with(3, 0xffff_ffff) }
    expect((await checkAnswer(invented, deps)).findings).toContainEqual({
      check: 'tokens',
      ok: false,
      text: expect.stringContaining('are not what the model says.'),
    })
    await provider.stop()
  })

  test('where machines round differently, one token that differs accuses nobody', async () => {
    const market = openMarket()
    const { provider, engine, openText } = await market.joinProvider()
    const { requester } = await market.joinRequester()
    const answer = await runAsk(requester.ask(makeAsk({ seed, sampler: sampled }), never))
    const audit = (exact: boolean, differing: number) => {
      const recompute: typeof engine.recompute = async (request, signal) => {
        const honest = await engine.recompute(request, signal)
        return { ...honest, margins: honest.margins.map((_, at) => (at < differing ? 0.5 : 0)) }
      }
      const value = { ...engine.loaded!, exact }
      const other = Object.create(engine, {
        recompute: { value: recompute },
        loaded: { value },
      }) as typeof engine
      return checkAnswer(answer, { engine: other, openText, network })
    }
    expect((await audit(true, 1)).verdict).toBe('mismatch')
    expect((await audit(false, 1)).verdict).toBe('plausible')
    expect((await audit(false, answer.tokenIds.length)).verdict).toBe('mismatch')
    await provider.stop()
  })
})

describe('an answer that ends early', () => {
  test('cancelled: only what was received is paid', async () => {
    const market = openMarket()
    const { provider, vouchers } = await market.joinProvider()
    const { requester } = await market.joinRequester()
    const cancel = new AbortController()
    const answer = await runAsk(requester.ask(makeAsk(), cancel.signal), (event) => {
      if (event.type === 'tokens' && event.tokens.completionTokens === 20) cancel.abort()
    })
    expect(answer.finishReason).toBe('cancelled')
    expect(answer.error).toBeNull()
    expect(answer.tokenIds.length).toBeGreaterThanOrEqual(20)
    expect(answer.tokenIds.length).toBeLessThan(60)
    expect(answer.chargeMicroUsd).toBe(chargeMicroUsd(answer.tokens, price))
    expect(answer.receipt?.receipt.chargeMicroUsd).toBe(answer.chargeMicroUsd)
    await expect.poll(() => provider.status().answersServed).toBe(1)
    const [record] = await vouchers.channels('receiver')
    expect(record?.voucher?.maxClaimableAmount).toBe(answer.chargeMicroUsd)
    await provider.stop()
  })

  test('provider gone: the requester is told, keeps the text and has paid for no more than it has', async () => {
    const market = openMarket()
    const { peerId } = await market.joinProvider()
    const { requester } = await market.joinRequester()
    const answer = await runAsk(requester.ask(makeAsk(), never), async (event) => {
      if (event.type === 'tokens' && event.tokens.completionTokens === 40) await market.tabs.kill(peerId)
    })
    expect(answer.error).not.toBeNull()
    expect(answer.text.length).toBeGreaterThan(0)
    expect(answer.receipt).toBeNull()
    expect(answer.chargeMicroUsd).toBeLessThanOrEqual(chargeMicroUsd(answer.tokens, price))
  })

  test('provider stopped by its owner: the receipt covers what was sent', async () => {
    const market = openMarket()
    const { provider } = await market.joinProvider()
    const { requester } = await market.joinRequester()
    const answer = await runAsk(requester.ask(makeAsk(), never), (event) => {
      if (event.type === 'tokens' && event.tokens.completionTokens === 10) void provider.stop()
    })
    expect(answer.finishReason).toBe('failed')
    expect(answer.error?.code).toBe('market/provider-stopped')
    expect(answer.receipt?.receipt.tokens).toEqual(answer.tokens)
    expect(answer.chargeMicroUsd).toBe(chargeMicroUsd(answer.tokens, price))
  })
})

describe('dishonest or unlucky', () => {
  test('who does not pay gets one token and no more', async () => {
    const market = openMarket()
    const { provider, peerId, wallet } = await market.joinProvider(accounts[2], { clock: hastyClock })
    const cheat = await market.joinRequester()
    const { record } = await drain(fundChannel(wallet.address, 1_000n, { ...cheat, chain: market.chain }))
    // With this prompt and seed the answer would be longer than a chunk.
    const messages = [{ role: 'user' as const, content: 'x' }]
    const long = { messages, sampler: sampled, seed: toHex(new Uint8Array(16).fill(6)), maxTokens: 200 }
    const terms = makeTerms({ channelId: record.channelId, modelId: entry.id, ...long })
    const end = requesterEnd(await cheat.transport.open(peerId, inferProtocol), cheat.clock)
    const signature = await signJob(terms, network, cheat.session)
    await end.write({ type: 'job', terms, channel: record.config, signature })
    let tokens = 0
    let finishReason = ''
    for (let frame = await end.read(10_000); frame; frame = await end.read(10_000)) {
      if (frame.type === 'tokens') tokens += frame.tokenIds.length
      if (frame.type === 'receipt') finishReason = frame.signed.receipt.finishReason
    }
    expect(tokens).toBe(1)
    expect(finishReason).toBe('unpaid')
    expect(provider.status().earnedMicroUsd).toBe(0n)
    await provider.stop()
  })

  test('a job is taken once, by the key that owns the channel, and on this channel one at a time', async () => {
    const market = openMarket()
    const { provider, peerId, wallet } = await market.joinProvider(accounts[2], { clock: hastyClock })
    const tab = await market.joinRequester()
    const { record } = await drain(fundChannel(wallet.address, 1_000n, { ...tab, chain: market.chain }))
    const base = { channelId: record.channelId, modelId: entry.id, maxTokens: 100, sampler: greedy }
    const send = async (terms = makeTerms(base), signer = tab.session) => {
      const end = requesterEnd(await tab.transport.open(peerId, inferProtocol), tab.clock)
      await end.write({
        type: 'job',
        terms,
        channel: record.config,
        signature: await signJob(terms, network, signer),
      })
      return { end, reply: await end.read(10_000) }
    }
    const stolen = await send(makeTerms({ ...base, jobId: toHex(new Uint8Array(32).fill(9)) }), accounts[3])
    expect(stolen.reply).toMatchObject({ type: 'refused', error: { code: 'ledger/bad-signature' } })
    const first = await send()
    expect(first.reply?.type).toBe('accepted')
    const second = await send(makeTerms({ ...base, jobId: toHex(new Uint8Array(32).fill(8)) }))
    expect(second.reply).toMatchObject({ type: 'refused', error: { code: 'market/channel-busy' } })
    const replayed = await send()
    expect(replayed.reply).toMatchObject({ type: 'refused', error: { code: 'market/job-refused' } })
    first.end.abort(new Error('enough'))
    await provider.stop()
  })

  test('a full tab is passed over for the next', async () => {
    const market = openMarket()
    const cheap = await market.joinProvider(accounts[2], { engine: { slots: 1, tokensPerSecond: 1000 } })
    const other = await market.joinProvider(accounts[3], { engine: { tokensPerSecond: 10 } })
    const [a, b] = [await market.joinRequester(), await market.joinRequester()]
    const providers: string[] = []
    const first = runAsk(a.requester.ask(makeAsk(), never), async (event) => {
      if (event.type !== 'tokens' || event.tokens.completionTokens !== 5) return
      const second = await runAsk(b.requester.ask(makeAsk(), never))
      providers.push(second.offer.provider)
    })
    providers.push((await first).offer.provider)
    expect(providers).toEqual([other.wallet.address, cheap.wallet.address])
    await Promise.all([cheap.provider.stop(), other.provider.stop()])
  })

  test('a tab takes no more answers at a time than its owner allows', async () => {
    const market = openMarket()
    const { provider, peerId } = await market.joinProvider(accounts[2], { slots: 1 })
    const [a, b] = [await market.joinRequester(), await market.joinRequester()]
    await runAsk(a.requester.ask(makeAsk(), never), async (event) => {
      if (event.type !== 'tokens' || event.tokens.completionTokens !== 5) return
      await expect(runAsk(b.requester.ask(makeAsk(), never))).rejects.toMatchObject({
        details: 'market/provider-full',
      })
      const { offers } = await b.directory.list()
      const own = offers.find(({ offer }) => offer.peerId === peerId)?.offer
      expect(own).toMatchObject({ slots: 1, freeSlots: 0 })
    })
    await provider.stop()
  })

  test('nobody there: said at once, nothing paid', async () => {
    const market = openMarket()
    const { requester, vouchers } = await market.joinRequester()
    await expect(runAsk(requester.ask(makeAsk(), never))).rejects.toMatchObject({ code: 'market/no-offers' })
    expect(await vouchers.channels('payer')).toEqual([])
  })
})
