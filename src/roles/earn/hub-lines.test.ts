import { beforeEach, describe, expect, test } from 'vitest'
import { accounts, channelConfig, network } from '../../../tests/fixtures/jobs.ts'
import { createMemoryChain } from '../../chain/memory-chain.ts'
import { ManualClock } from '../../device/manual-clock.ts'
import type { Hex } from '../../domain/bytes.ts'
import type { ChannelConfig } from '../../domain/channel.ts'
import { channelIdOf } from '../../ledger/channel-id.ts'
import { signHubTerms, verifyPayee } from '../../ledger/sign-hub.ts'
import { signVoucher } from '../../ledger/sign-voucher.ts'
import type { FrameStream, Transport } from '../../ports/index.ts'
import { encodeFrame, parseFrame } from '../../protocol/frame-codec.ts'
import { type HubEarnEvent, hubEarnRequestSchema } from '../../protocol/hub-messages.ts'
import { hubDeskProtocol, hubEarnProtocol } from '../../protocol/protocols.ts'
import { MemoryVoucherStore } from '../../storage/memory-voucher-store.ts'
import { createMemoryNetwork } from '../../transport/memory-network.ts'
import { memoryRelay } from '../../transport/memory-transport.ts'
import { type HubLines, openHubLines } from './hub-lines.ts'

const [hub, stranger, provider] = accounts
const salt: Hex = `0x${'00'.repeat(32)}`
const config: ChannelConfig = { ...channelConfig, payerAuthorizer: hub.address, salt }
const channelId = channelIdOf(config, network)
const jobId: Hex = `0x${'aa'.repeat(32)}`
const payerChannelId: Hex = `0x${'bb'.repeat(32)}`
const { chainId, settlement, token } = network
const terms = {
  account: hub.address,
  peerId: memoryRelay,
  spreadMillionths: 10_000,
  chainId,
  settlement,
  token,
}

/** A clock that tells what was waited for. */
class ToldClock extends ManualClock {
  readonly waits: number[] = []

  override sleep(ms: number, signal?: AbortSignal): Promise<void> {
    this.waits.push(ms)
    return super.sleep(ms, signal)
  }
}

let clock: ToldClock
let tabs: ReturnType<typeof createMemoryNetwork>
let chain: ReturnType<typeof createMemoryChain>
let relay: Transport
let over: AbortController
let registrations: number
let heard: number

/** A hub that answers each registration with these events and then holds the line, or cuts it. */
function scriptHub(events: (HubEarnEvent | 'cut')[], signer = hub) {
  relay.handle(hubDeskProtocol, async (stream) => {
    await stream.read()
    await stream.write(encodeFrame({ type: 'terms', terms, signature: await signHubTerms(terms, signer) }))
  })
  relay.handle(hubEarnProtocol, async (stream) => {
    const {
      type: _type,
      signature,
      heldVoucher: _held,
      ...payee
    } = parseFrame(hubEarnRequestSchema, (await stream.read())!)
    await verifyPayee({ ...payee, peerId: stream.remotePeer, hub: hub.address }, signature, network)
    registrations++
    await tell(stream, events)
  })
}

async function tell(stream: FrameStream, events: (HubEarnEvent | 'cut')[]) {
  for (const event of events) {
    if (event === 'cut') return stream.abort(new Error('Cut.'))
    await stream.write(encodeFrame(event))
  }
  await stream.read()
}

async function openLines(): Promise<HubLines> {
  const { transport } = tabs.join()
  await transport.start()
  const deps = { transport, chain, vouchers: new MemoryVoucherStore(), signer: provider, clock }
  const to = { receiver: provider.address, salt }
  return openHubLines(to, deps, () => void heard++, over.signal)
}

const firstRetryMs = 1_000

/** Resolves once the line has failed and waits so long to be opened again. */
const toWait = (ms: number) => expect.poll(() => clock.waits).toContain(ms)

const registered: HubEarnEvent = { type: 'registered', voucher: null, channel: config }
const job: HubEarnEvent = { type: 'job', jobId, channelId: payerChannelId, ceilingMicroUsd: 500n }
const { account, peerId, spreadMillionths } = terms
const offered = [{ account, peerId, spreadMillionths }]

beforeEach(async () => {
  clock = new ToldClock(1_700_000_000_000)
  tabs = createMemoryNetwork({ clock })
  chain = createMemoryChain(network, clock)
  await chain.faucet(hub.address, 10_000n)
  await chain.deposit(config, 1_000n, hub)
  relay = tabs.join(memoryRelay).transport
  await relay.start()
  over = new AbortController()
  registrations = 0
  heard = 0
  return () => over.abort()
})

describe('a line to a hub', () => {
  test('comes up with the channel that was asked for, and hears of jobs and payments', async () => {
    const voucher = await signVoucher(channelId, 30n, network, hub)
    scriptHub([registered, job, { type: 'pay', jobId, chargeMicroUsd: 30n, voucher }])
    const lines = await openLines()
    expect(lines.hubs()).toEqual([])
    await expect.poll(() => lines.hubs()).toEqual(offered)
    expect(heard).toBe(1)
    const line = lines.lineTo(hub.address)!
    expect(await line.announcement(jobId)).toEqual({ channelId: payerChannelId, ceilingMicroUsd: 500n })
    await expect.poll(() => line.channel?.promisedMicroUsd).toBe(30n)
    expect(lines.lineTo(stranger.address)).toBeNull()
  })

  test('waits a moment for a job, and no longer', async () => {
    scriptHub([registered])
    const lines = await openLines()
    await expect.poll(() => lines.hubs()).toHaveLength(1)
    const announcement = lines.lineTo(hub.address)!.announcement(jobId)
    await clock.advance(5_000)
    expect(await announcement).toBeNull()
  })

  test('goes with its relay and comes back with it, the same channel on it', async () => {
    scriptHub([registered])
    const lines = await openLines()
    await expect.poll(() => lines.hubs()).toHaveLength(1)
    const { channel } = lines.lineTo(hub.address)!
    tabs.dropRelay()
    await expect.poll(() => lines.hubs()).toEqual([])
    tabs.restoreRelay()
    await expect.poll(() => lines.hubs()).toEqual(offered)
    expect(lines.lineTo(hub.address)!.channel).toBe(channel)
    expect(heard).toBe(3)
  })

  test('that is cut again and again is opened ever more rarely', async () => {
    scriptHub([registered, 'cut'])
    await openLines()
    await expect.poll(() => registrations).toBe(1)
    for (const [waitedMs, count] of [
      [1_000, 2],
      [2_000, 3],
      [4_000, 4],
      [8_000, 5],
    ] as const) {
      await toWait(waitedMs)
      await clock.advance(waitedMs - 1)
      expect(registrations).toBe(count - 1)
      await clock.advance(1)
      await expect.poll(() => registrations).toBe(count)
    }
  })

  test('ends when sharing ends', async () => {
    scriptHub([registered])
    const lines = await openLines()
    await expect.poll(() => lines.hubs()).toHaveLength(1)
    over.abort()
    await expect.poll(() => lines.hubs()).toEqual([])
    await clock.advance(120_000)
    expect(registrations).toBe(1)
  })
})

describe('is not offered', () => {
  test('a relay that runs no hub', async () => {
    const lines = await openLines()
    await toWait(firstRetryMs)
    expect([lines.hubs(), heard]).toEqual([[], 0])
  })

  test('a hub whose terms somebody else signed', async () => {
    scriptHub([registered], stranger)
    const lines = await openLines()
    await toWait(firstRetryMs)
    expect([lines.hubs(), registrations]).toEqual([[], 0])
  })

  test.each<[string, HubEarnEvent]>([
    ['that refuses', { type: 'refused', error: { code: 'hub/out-of-funds', shortMessage: 'No money.' } }],
    ['that pays from another account', { ...registered, channel: { ...config, payer: stranger.address } }],
    ['that speaks out of turn', job],
  ])('a hub %s', async (_name, answer) => {
    scriptHub([answer])
    const lines = await openLines()
    await expect.poll(() => registrations).toBe(1)
    await toWait(firstRetryMs)
    expect([lines.hubs(), heard]).toEqual([[], 0])
  })

  test('a hub that pays with what is not its own, from then on', async () => {
    const voucher = await signVoucher(channelId, 30n, network, stranger)
    scriptHub([registered, { type: 'pay', jobId, chargeMicroUsd: 30n, voucher }])
    const lines = await openLines()
    await expect.poll(() => heard).toBe(2)
    expect(lines.hubs()).toEqual([])
    expect(lines.lineTo(hub.address)!.channel!.promisedMicroUsd).toBe(0n)
  })
})
