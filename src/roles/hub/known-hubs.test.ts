import { beforeEach, expect, test } from 'vitest'
import { accounts, network } from '../../../tests/fixtures/jobs.ts'
import { ManualClock } from '../../device/manual-clock.ts'
import type { Hub, HubTerms } from '../../domain/hub.ts'
import { signHubTerms } from '../../ledger/sign-hub.ts'
import type { Transport } from '../../ports/index.ts'
import { encodeFrame, parseFrame } from '../../protocol/frame-codec.ts'
import { hubDeskRequestSchema } from '../../protocol/hub-messages.ts'
import { hubDeskProtocol } from '../../protocol/protocols.ts'
import { createMemoryNetwork } from '../../transport/memory-network.ts'
import { type KnownHubs, createKnownHubs } from './known-hubs.ts'

const [cheapAccount, dearAccount] = accounts
const cheap: Hub = { account: cheapAccount.address, peerId: 'relay-1', spreadMillionths: 10_000 }
const dear: Hub = { account: dearAccount.address, peerId: 'relay-2', spreadMillionths: 30_000 }
const { chainId, settlement, token } = network

let clock: ManualClock
let relays: string[]
let questions: string[]
let hubs: KnownHubs
let spread: number

beforeEach(async () => {
  clock = new ManualClock(1_800_000_000_000)
  relays = [cheap.peerId, dear.peerId, 'plain-relay']
  questions = []
  spread = cheap.spreadMillionths
  const tabs = createMemoryNetwork({ clock })
  const serve = async (hub: () => Hub, signer: (typeof accounts)[0]) => {
    const { transport } = tabs.join(hub().peerId)
    await transport.start()
    transport.handle(hubDeskProtocol, async (stream) => {
      const request = parseFrame(hubDeskRequestSchema, (await stream.read())!)
      questions.push(`${hub().peerId} ${request.type}`)
      const terms: HubTerms = { ...hub(), chainId, settlement, token }
      const expiresAtSeconds = Math.floor(clock.nowMs() / 1000) + 120
      const reply =
        request.type === 'terms'
          ? { type: 'terms', terms, signature: await signHubTerms(terms, signer) }
          : { type: 'quote', feeMicroUsd: '7', expiresAtSeconds }
      await stream.write(encodeFrame(reply))
    })
  }
  await serve(() => ({ ...cheap, spreadMillionths: spread }), cheapAccount)
  await serve(() => dear, dearAccount)
  await tabs.join('plain-relay').transport.start()
  const own = tabs.join()
  await own.transport.start()
  const transport: Transport = Object.assign(own.transport, { status: () => ({ relays, reachable: true }) })
  hubs = createKnownHubs({ transport, clock, network })
})

test('the cheapest hub that both sides share is chosen', async () => {
  expect(await hubs.cheapestFor({ hubs: [dear, cheap] })).toEqual(cheap)
  expect(await hubs.cheapestFor({ hubs: [dear] })).toEqual(dear)
  expect(await hubs.cheapestFor({ hubs: [] })).toBeNull()
  relays = [dear.peerId]
  expect(await hubs.cheapestFor({ hubs: [dear, cheap] })).toEqual(dear)
  relays = []
  expect(await hubs.cheapestFor({ hubs: [dear, cheap] })).toBeNull()
})

test('a hub that does not stand by what the offer says of it is left out', async () => {
  const flattered = { ...cheap, spreadMillionths: 1 }
  const foreign = { ...cheap, account: dear.account }
  expect(await hubs.cheapestFor({ hubs: [flattered, foreign] })).toBeNull()
  expect(await hubs.cheapestFor({ hubs: [flattered, dear] })).toEqual(dear)
})

test('terms are asked for once a minute, and sooner when an offer names others', async () => {
  await hubs.connected()
  await hubs.cheapestFor({ hubs: [cheap] })
  expect(questions).toHaveLength(2)
  await clock.advance(2_000)
  spread = 40_000
  const raised = { ...cheap, spreadMillionths: spread }
  expect(await hubs.cheapestFor({ hubs: [raised] })).toEqual(raised)
  expect(questions).toHaveLength(3)
  await clock.advance(60_000)
  await hubs.connected()
  expect(questions).toHaveLength(5)
})

test('a hub is found by its account, and its fee remembered while its quote lasts', async () => {
  expect(await hubs.byAccount(dear.account)).toMatchObject(dear)
  expect(await hubs.byAccount(accounts[3].address)).toBeNull()
  questions = []
  expect(await hubs.feeFor(dear.peerId, 'refund')).toBe(7n)
  expect(await hubs.feeFor(dear.peerId, 'refund')).toBe(7n)
  expect(questions).toEqual(['relay-2 quote'])
  await clock.advance(100_000)
  await hubs.feeFor(dear.peerId, 'refund')
  expect(questions).toHaveLength(2)
})
