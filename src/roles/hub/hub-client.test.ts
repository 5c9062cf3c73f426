import { beforeEach, describe, expect, test } from 'vitest'
import { accounts, channelConfig, network } from '../../../tests/fixtures/jobs.ts'
import { ManualClock } from '../../device/manual-clock.ts'
import type { HubTerms } from '../../domain/hub.ts'
import { signHubTerms } from '../../ledger/sign-hub.ts'
import type { StreamHandler, Transport } from '../../ports/index.ts'
import { encodeFrame } from '../../protocol/frame-codec.ts'
import { hubDeskProtocol } from '../../protocol/protocols.ts'
import { createMemoryNetwork } from '../../transport/memory-network.ts'
import { memoryRelay } from '../../transport/memory-transport.ts'
import { type HubClient, createHubClient } from './hub-client.ts'

const [hub, stranger] = accounts
const { chainId, settlement, token } = network
const terms: HubTerms = {
  account: hub.address,
  peerId: memoryRelay,
  spreadMillionths: 20_000,
  chainId,
  settlement,
  token,
}
const word = `0x${'05'.repeat(32)}` as const
const signature = `0x${'06'.repeat(65)}` as const
const deposit = {
  config: channelConfig,
  amount: 5n,
  collector: network.collector,
  collectorData: '0x',
} as const
const feeVoucher = { channelId: word, maxClaimableAmount: 1n, signature }

let relay: Transport
let client: HubClient
let clock: ManualClock

/** The hub answers every question so. */
const answer = (handler: StreamHandler) => relay.handle(hubDeskProtocol, handler)
const say = (message: unknown) =>
  answer(async (stream) => {
    await stream.read()
    await stream.write(encodeFrame(message))
  })

beforeEach(async () => {
  clock = new ManualClock(1_800_000_000_000)
  const tabs = createMemoryNetwork({ clock })
  relay = tabs.join(memoryRelay).transport
  const { transport } = tabs.join()
  await Promise.all([relay.start(), transport.start()])
  client = createHubClient(memoryRelay, { transport, clock, network })
})

describe('terms', () => {
  test('are returned when they are signed and for this network', async () => {
    say({ type: 'terms', terms, signature: await signHubTerms(terms, hub) })
    expect(await client.terms()).toEqual(terms)
  })

  test.each([
    ['another relay', { peerId: 'elsewhere' }, 'relay'],
    ['another chain', { chainId: 8453 }, 'chain'],
    ['another contract', { settlement: stranger.address }, 'settlement'],
    ['another token', { token: stranger.address }, 'token'],
  ])('for %s are refused', async (_name, change, named) => {
    const wrong = { ...terms, ...change }
    say({ type: 'terms', terms: wrong, signature: await signHubTerms(wrong, hub) })
    const error = { code: 'hub/bad-terms', shortMessage: expect.stringContaining(named) }
    await expect(client.terms()).rejects.toMatchObject(error)
  })

  test('that somebody else signed are refused', async () => {
    say({ type: 'terms', terms, signature: await signHubTerms(terms, stranger) })
    await expect(client.terms()).rejects.toMatchObject({ code: 'ledger/bad-signature' })
  })

  test('with a spread above half the charge are malformed', async () => {
    const greedy = { ...terms, spreadMillionths: 500_001 }
    say({ type: 'terms', terms: greedy, signature: await signHubTerms(greedy, hub) })
    await expect(client.terms()).rejects.toMatchObject({ code: 'protocol/malformed' })
  })
})

describe('a refusal', () => {
  test.each([
    ['hub/provider-away', 'hub/provider-away'],
    ['hub/underfunded', 'hub/underfunded'],
    ['chain/reverted', 'hub/refused'],
  ])('%s becomes %s, the peer’s fault, its words kept', async (code, ours) => {
    say({ type: 'refused', error: { code, shortMessage: 'No.' } })
    const error = { code: ours, details: code, shortMessage: 'No.', fault: 'peer' }
    await expect(client.quote('deposit')).rejects.toMatchObject(error)
    await expect(client.deposit(deposit, feeVoucher)).rejects.toMatchObject(error)
  })
})

describe('a hub that says nothing of use', () => {
  const ask = () => [client.quote('claim', 3), client.deposit(deposit, feeVoucher)] as const

  test('is unreachable where no relay answers: nothing was sent', async () => {
    for (const asked of ask()) await expect(asked).rejects.toMatchObject({ code: 'hub/unreachable' })
  })

  test('may have sent what it was handed', async () => {
    answer(async (stream) => stream.abort(new Error('Crashed.')))
    const [quote, sent] = ask()
    await expect(quote).rejects.toMatchObject({ code: 'hub/unreachable' })
    await expect(sent).rejects.toMatchObject({ code: 'hub/no-answer', fault: 'chain' })
  })

  test('so does one that answers another question, or talks nonsense', async () => {
    say({ type: 'quote', feeMicroUsd: '7', expiresAtSeconds: 9 })
    await expect(client.deposit(deposit, feeVoucher)).rejects.toMatchObject({ code: 'hub/no-answer' })
    await expect(client.terms()).rejects.toMatchObject({ code: 'protocol/unexpected-frame' })
    say({ type: 'quote', feeMicroUsd: 7 })
    await expect(client.quote('deposit')).rejects.toMatchObject({ code: 'protocol/malformed' })
  })

  test('is given up, a transaction after minutes', async () => {
    answer((stream) => stream.read().then(() => new Promise(() => {})))
    const outcomes: string[] = []
    for (const asked of ask()) void asked.catch(({ code }: { code: string }) => outcomes.push(code))
    await clock.advance(15_000)
    await expect.poll(() => outcomes).toEqual(['hub/unreachable'])
    await clock.advance(105_000)
    await expect.poll(() => outcomes).toEqual(['hub/unreachable', 'hub/no-answer'])
  })
})

test('what was sent is returned as the hub tells it', async () => {
  say({ type: 'done', transaction: word, amountMicroUsd: '5', skipped: [] })
  expect(await client.deposit(deposit, feeVoucher)).toEqual({
    transaction: word,
    amountMicroUsd: 5n,
    skipped: [],
  })
})
