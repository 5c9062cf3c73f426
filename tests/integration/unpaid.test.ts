import { describe, expect, test } from 'vitest'
import { systemClock } from '../../src/device/system-clock.ts'
import { toHex } from '../../src/domain/bytes.ts'
import type { ChannelConfig } from '../../src/domain/channel.ts'
import { chargeMicroUsd } from '../../src/domain/price.ts'
import { sessionSalt } from '../../src/domain/session.ts'
import { channelIdOf } from '../../src/ledger/channel-id.ts'
import { signJob } from '../../src/ledger/sign-job.ts'
import { signVoucher } from '../../src/ledger/sign-voucher.ts'
import type { Clock } from '../../src/ports/index.ts'
import { inferProtocol } from '../../src/protocol/protocols.ts'
import { requesterEnd } from '../../src/roles/common/frames.ts'
import { chunkTokens, createProvider } from '../../src/roles/provide/provide.ts'
import { longJob } from '../fixtures/hub-provider.ts'
import { accounts, channelConfig, makeTerms, network, price } from '../fixtures/jobs.ts'
import { entry, hastyClock, models, openMarket } from '../fixtures/market.ts'

const [payer, session] = accounts

/** A provider, and a requester that talks to it by hand over a channel with money. */
async function openDeal(change: Partial<ChannelConfig> = {}, clock: Clock = hastyClock) {
  const market = openMarket()
  const seller = await market.joinProvider(accounts[2], { clock })
  const { transport } = await market.joinRequester()
  const config = { ...channelConfig, ...change }
  const channelId = channelIdOf(config, network)
  await market.chain.faucet(payer.address, 100_000n)
  await market.chain.deposit(config, 100_000n, payer)
  let jobs = 0
  let promised = 0n

  /** Asks, pays as far as `paidTokens` and leaves as soon as `leaveAfter` tokens have come. */
  const ask = async (paidTokens: number, leaveAfter: number, peerId = seller.peerId) => {
    const end = requesterEnd(await transport.open(peerId, inferProtocol), hastyClock)
    const jobId = toHex(new Uint8Array(32).fill(++jobs))
    const terms = makeTerms({ ...longJob, jobId, channelId })
    await end.write({
      type: 'job',
      terms,
      channel: config,
      signature: await signJob(terms, network, session),
    })
    let [tokens, promptTokens, paid] = [0, 0, 0n]
    for (let frame = await end.read(600_000); frame; frame = await end.read(600_000)) {
      if (frame.type === 'refused') return { refusal: frame.error.shortMessage, tokens, paid, charge: 0n }
      if (frame.type === 'accepted') promptTokens = frame.promptTokens
      if (frame.type === 'tokens') tokens += frame.tokenIds.length
      if (frame.type === 'receipt' || tokens >= leaveAfter) break
      if (frame.type !== 'tokens' || tokens !== 1 || paidTokens === 0) continue
      paid = chargeMicroUsd({ promptTokens, completionTokens: paidTokens }, price)
      promised += paid
      await end.write({ type: 'voucher', voucher: await signVoucher(channelId, promised, network, session) })
    }
    end.abort(new Error('Enough.'))
    return {
      refusal: null,
      tokens,
      paid,
      charge: chargeMicroUsd({ promptTokens, completionTokens: tokens }, price),
    }
  }
  const idle = () => expect.poll(() => seller.provider.status().jobs).toEqual([])
  return { market, seller, ask, idle }
}

describe('a requester that leaves again and again', () => {
  test('costs a provider one chunk at most, however it goes about it', async () => {
    const { seller, ask, idle } = await openDeal()
    let unpaid = 0n
    let dearest = 0n
    const refusals: string[] = []
    // Pays the prompt and a little, takes as much more as it is given, and comes back for more.
    for (let visit = 0; visit < 8; visit++) {
      const { refusal, charge, paid } = await ask(5, 1_000)
      await idle()
      if (refusal) refusals.push(refusal)
      unpaid += charge - paid
      if (charge > dearest) dearest = charge
    }
    const chunk = chargeMicroUsd({ promptTokens: 0, completionTokens: chunkTokens }, price)
    expect(unpaid).toBeLessThanOrEqual(chunk)
    expect(unpaid).toBeGreaterThan(0n)
    expect(refusals).toHaveLength(7)
    expect(new Set(refusals)).toEqual(new Set(['This channel left earlier answers unpaid.']))
    await seller.provider.stop()
  })

  test('is let in while what it left is small, with so much less to run ahead', async () => {
    const { seller, ask, idle } = await openDeal()
    expect(await ask(5, 15)).toMatchObject({ refusal: null })
    await idle()
    const second = await ask(5, 1_000)
    await idle()
    expect(second.refusal).toBeNull()
    expect(second.tokens).toBeLessThan(5 + chunkTokens)
    expect(second.tokens).toBeGreaterThanOrEqual(5 + chunkTokens / 2)
    expect((await ask(5, 1_000)).refusal).toBe('This channel left earlier answers unpaid.')
    await seller.provider.stop()
  })

  test('is known to the next visit of the provider', async () => {
    const { market, seller, ask, idle } = await openDeal()
    await ask(5, 1_000)
    await idle()
    await seller.provider.stop()
    const { documents, vouchers, engine, wallet, clock } = seller
    const links = market.tabs.join()
    const parts = {
      ...links,
      engine,
      models,
      chain: market.chain,
      vouchers,
      documents,
      signer: wallet,
      clock,
    }
    const again = createProvider(parts)
    await again.start({ entry, price })
    expect((await ask(5, 1_000, links.peerId)).refusal).toBe('This channel left earlier answers unpaid.')
    await again.stop()
  })

  test('owes nothing for an answer that the provider broke off', async () => {
    const { market, seller, ask } = await openDeal({}, systemClock)
    const asking = ask(5, 1_000)
    const made = () => seller.provider.status().jobs[0]?.tokens.completionTokens
    await expect.poll(made).toBe(5 + chunkTokens)
    await seller.provider.stop()
    await asking
    const { documents, vouchers, engine, wallet, clock } = seller
    const links = market.tabs.join()
    const parts = {
      ...links,
      engine,
      models,
      chain: market.chain,
      vouchers,
      documents,
      signer: wallet,
      clock,
    }
    const again = createProvider(parts)
    await again.start({ entry, price })
    expect((await ask(0, 1, links.peerId)).refusal).toBeNull()
    await again.stop()
  })
})

test('a channel whose session key has ended pays for no more answers', async () => {
  const endsAtSeconds = Math.floor(Date.now() / 1000) - 1
  const { seller, ask } = await openDeal({ salt: sessionSalt(new Uint8Array(23), endsAtSeconds) })
  expect((await ask(5, 1_000)).refusal).toBe("The channel's session key has ended.")
  await seller.provider.stop()
})
