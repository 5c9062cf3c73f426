import { expect, test } from 'vitest'
import { ChainError } from '../../src/errors/index.ts'
import { channelIdOf } from '../../src/ledger/channel-id.ts'
import { signJob } from '../../src/ledger/sign-job.ts'
import type { FrameStream } from '../../src/ports/index.ts'
import { inferProtocol } from '../../src/protocol/protocols.ts'
import { createRequester } from '../../src/roles/ask/request.ts'
import { requesterEnd } from '../../src/roles/common/frames.ts'
import type { Answer } from '../../src/roles/tasks/answer.ts'
import { channelConfig, makeTerms, network } from '../fixtures/jobs.ts'
import { entry, greedy, hastyClock, makeAsk, never, openMarket, runAsk } from '../fixtures/market.ts'

test('two tabs of one browser ask at once: each pays from a channel of its own', async () => {
  const market = openMarket()
  const { provider, vouchers: earned } = await market.joinProvider()
  const tab = await market.joinRequester()
  const { wallet, session, vouchers, documents, hubs } = tab
  const { transport, directory, random, clock, openText } = await market.joinRequester()
  const shared = { wallet, session, vouchers, documents, hubs, chain: market.chain }
  const twin = createRequester({ ...shared, transport, directory, random, clock, openText })
  let other: Promise<Answer> | undefined
  const answer = await runAsk(tab.requester.ask(makeAsk(), never), async (event) => {
    if (event.type !== 'tokens' || other) return
    other = runAsk(twin.ask(makeAsk(), never))
    await other
  })
  const second = await other!
  expect([answer.error, second.error]).toEqual([null, null])
  expect(second.terms.channelId).not.toBe(answer.terms.channelId)
  const charges = [answer, second].map(({ chargeMicroUsd: charge }) => charge)
  const promises = async (store = vouchers, side: 'payer' | 'receiver' = 'payer') =>
    (await store.channels(side)).map(({ voucher }) => voucher?.maxClaimableAmount)
  expect(await promises()).toEqual(charges)
  await expect.poll(() => promises(earned, 'receiver')).toEqual(charges)
  await provider.stop()
})

test('a channel that could never pay for the prompt is refused before the prompt is read', async () => {
  const market = openMarket()
  const { provider, peerId } = await market.joinProvider()
  const tab = await market.joinRequester()
  const channelId = channelIdOf(channelConfig, network)
  await market.chain.faucet(tab.wallet.address, 500n)
  await market.chain.deposit(channelConfig, 500n, tab.wallet)
  const messages = [{ role: 'user' as const, content: 'x'.repeat(600) }]
  const terms = makeTerms({ channelId, modelId: entry.id, messages, sampler: greedy })
  const end = requesterEnd(await tab.transport.open(peerId, inferProtocol), tab.clock)
  const signature = await signJob(terms, network, tab.session)
  await end.write({ type: 'job', terms, channel: channelConfig, signature })
  expect(await end.read(10_000)).toMatchObject({
    type: 'refused',
    error: { shortMessage: 'The channel holds too little for this answer.' },
  })
  await provider.stop()
})

test('a relay that reports a live tab gone ends no answer', async () => {
  const market = openMarket()
  const { provider, peerId } = await market.joinProvider()
  const slow = await market.joinRequester({ clock: hastyClock })
  const told: ((peer: string) => void)[] = []
  slow.directory.watchDepartures = (onDeparted) => {
    told.push(onDeparted)
    return () => {}
  }
  const answer = await runAsk(slow.requester.ask(makeAsk(), never), async (event) => {
    if (event.type !== 'accepted') return
    for (const tell of told) tell(peerId)
    await slow.clock.sleep(10_000)
  })
  expect(answer.error).toBeNull()
  await provider.stop()
})

test('a chain that cannot be reached ends the stream that was opened for the job, and nothing is paid', async () => {
  const market = openMarket()
  const { provider } = await market.joinProvider()
  const { requester, transport, vouchers } = await market.joinRequester()
  await runAsk(requester.ask(makeAsk(), never))
  const promised = await vouchers.channels('payer')
  market.chain.channel = () => Promise.reject(new ChainError('chain/unreachable', 'No chain.'))
  const streams: FrameStream[] = []
  const open = transport.open.bind(transport)
  transport.open = async (...where) => {
    const stream = await open(...where)
    streams.push(stream)
    return stream
  }
  await expect(runAsk(requester.ask(makeAsk(), never))).rejects.toMatchObject({ code: 'chain/unreachable' })
  const [stream] = streams
  await expect(stream!.write(new Uint8Array(1))).rejects.toMatchObject({ code: 'transport/closed' })
  expect(await vouchers.channels('payer')).toEqual(promised)
  await provider.stop()
})
