import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { multiaddr } from '@multiformats/multiaddr'
import { createMemoryAccount } from '../src/chain/key-signer.ts'
import { createViemChain } from '../src/chain/viem-chain.ts'
import { systemClock as clock } from '../src/device/system-clock.ts'
import { systemRandom as random } from '../src/device/system-random.ts'
import type { Address, Hex } from '../src/domain/bytes.ts'
import type { HubTerms } from '../src/domain/hub.ts'
import { createReceiverChannel } from '../src/ledger/receiver-channel.ts'
import type { Chain, ChannelRecord, Transport } from '../src/ports/index.ts'
import { inferProtocol } from '../src/protocol/protocols.ts'
import { expectFrame, providerEnd, requesterEnd } from '../src/roles/common/frames.ts'
import { HubLine } from '../src/roles/earn/hub-line.ts'
import { type JobPayments, directPayments } from '../src/roles/earn/job-payments.ts'
import { addChannel, payerEnd } from '../src/roles/fund/payer-channels.ts'
import { createHubClient } from '../src/roles/hub/hub-client.ts'
import { DirectPayment } from '../src/roles/pay/direct-payment.ts'
import { HubPayment } from '../src/roles/pay/hub-payment.ts'
import type { PaymentRoute } from '../src/roles/pay/payment-route.ts'
import { MemoryDocumentStore } from '../src/storage/memory-document-store.ts'
import { MemoryVoucherStore } from '../src/storage/memory-voucher-store.ts'
import { createFrameStream } from '../src/transport/frame-stream.ts'
import { startLocalChain } from '../tests/fixtures/local-chain.ts'
import { startWireNode } from '../tests/fixtures/wire-node.ts'
import { startLocalRelay } from '../tools/stack/local-relay.ts'
import { type Bench, compare } from './measurement.ts'

/** Turns of a round; what one of them takes varies. */
const turnsPerRound = 3
/** Fewer than a hub takes of one job at once, so that its pace is never reached. */
const chunksPerTurn = 48
const chunkMicroUsd = 10n
const depositMicroUsd = 1_000_000n
const silenceMs = 60_000

type Node = Awaited<ReturnType<typeof startWireNode>>
type Relay = Awaited<ReturnType<typeof startLocalRelay>>

/**
 * A chunk's payment from the requester's signature until its provider has checked and kept it, one at a time: through a
 * hub on its relay, with its books on disk, and over a channel of their own. Requester, provider and relay are libp2p
 * nodes that speak over WebSocket; what they run is what tabs run.
 */
export const hubLatencyBench: Bench = {
  names: ['hub-latency'],
  async run({ rounds }) {
    const directory = await mkdtemp(join(tmpdir(), 'opentab-bench-latency-'))
    const local = await startLocalChain()
    const relay = await startLocalRelay({ network: local.network, dataDir: directory })
    const nodes = await Promise.all([startWireNode(), startWireNode(['/ip4/127.0.0.1/tcp/0/ws'])])
    const over = new AbortController()
    try {
      const [requester, provider] = nodes
      const chain = createViemChain(local.network)
      const throughHub = await openHubRoute(requester, provider, relay, chain, over.signal)
      const directly = await openDirectRoute(requester, provider, chain)
      const figures = { ours: [] as number[], rival: [] as number[] }
      // The first turn only warms up.
      for (let turn = 0; turn <= rounds * turnsPerRound; turn++) {
        const [hubMs, directMs] = [await payTurn(await throughHub()), await payTurn(directly)]
        if (turn === 0) continue
        figures.ours.push(1000 / hubMs)
        figures.rival.push(1000 / directMs)
      }
      const compared = compare('hub-latency', 'chunks/s one by one', 'a direct channel', figures)
      return [{ ...compared, addedMs: 1000 / compared.ours - 1000 / compared.rival }]
    } finally {
      over.abort()
      await Promise.all(nodes.map((node) => node.stop()))
      await relay.stop()
      await local.stop()
      await rm(directory, { recursive: true })
    }
  },
}

/** Both ends of a job's payments. */
type Route = { payment: PaymentRoute; payments: JobPayments }

/** Pays a turn's chunks and returns how many milliseconds each took on the way. */
async function payTurn({ payment, payments }: Route): Promise<number> {
  let spentMs = 0
  for (let chunk = 0; chunk < chunksPerTurn; chunk++) {
    const chargeMicroUsd = payments.paidMicroUsd() + chunkMicroUsd
    const { promise: kept, resolve } = Promise.withResolvers<void>()
    const unwatch = payments.watchPaid(() => payments.paidMicroUsd() >= chargeMicroUsd && resolve())
    const startMs = performance.now()
    await payment.pay(chargeMicroUsd)
    await kept
    spentMs += performance.now() - startMs
    unwatch()
    // The hub's word comes after the provider's money.
    await payment.settled()
  }
  return spentMs / chunksPerTurn
}

/** Returns what opens a new job through the hub, whose ends have their lines and channels. */
async function openHubRoute(
  requester: Node,
  provider: Node,
  relay: Relay,
  chain: Chain,
  signal: AbortSignal,
): Promise<() => Promise<Route>> {
  const { network } = chain
  const transport = transportTo(relay, requester)
  const hub = await createHubClient(relay.peerId, { transport, clock, network }).terms()
  const payer = await openPayer(hub.account, chain)
  const signer = createMemoryAccount()
  const earn = { transport: transportTo(relay, provider), signer, chain, clock }
  const line = await openHubLine(relay, { ...earn, vouchers: new MemoryVoucherStore() }, signal)
  const channel = { record: payer.record, balanceMicroUsd: depositMicroUsd, isAlone: () => true }
  const offer = { peerId: String(provider.peerId), listingId: null }
  return async () => {
    const job = jobOf(hub, payer.record.channelId, signer.address)
    const deps = { ...payer, transport, documents: new MemoryDocumentStore() }
    const payment = await HubPayment.open({ hub, job, offer, channel }, deps)
    return { payment, payments: line.channel!.payments(job.jobId) }
  }
}

function jobOf({ spreadMillionths }: HubTerms, channelId: Hex, provider: Address) {
  const jobId: Hex = `0x${Buffer.from(random.bytes(32)).toString('hex')}`
  const ceilingMicroUsd = BigInt(chunksPerTurn) * chunkMicroUsd
  return { jobId, channelId, provider, ceilingMicroUsd, spreadMillionths }
}

async function openHubLine(
  { peerId }: Relay,
  deps: ConstructorParameters<typeof HubLine>[2],
  signal: AbortSignal,
): Promise<HubLine> {
  const { promise: up, resolve } = Promise.withResolvers<void>()
  const to = { receiver: deps.signer.address, salt: `0x${'05'.repeat(32)}` as const }
  const line = new HubLine(peerId, to, deps, resolve)
  void line.keepOpen(signal)
  await up
  return line
}

/** Returns both ends of a job that is paid on its own stream. */
async function openDirectRoute(requester: Node, provider: Node, chain: Chain): Promise<Route> {
  const payer = await openPayer(createMemoryAccount().address, chain)
  const { channelId, config } = payer.record
  const vouchers = new MemoryVoucherStore()
  await vouchers.addChannel({ ...payer.record, side: 'receiver' })
  const terms = {
    limitMicroUsd: depositMicroUsd,
    baselineMicroUsd: 0n,
    nowSeconds: () => clock.nowMs() / 1000,
  }
  const { network } = chain
  const payments = directPayments(createReceiverChannel({ channelId, config, network, vouchers, ...terms }))
  await provider.handle(inferProtocol.id, async (stream, { remotePeer }) => {
    const end = providerEnd(createFrameStream(stream, remotePeer.toString(), inferProtocol), clock)
    for (let frame = await end.read(silenceMs); frame; frame = await end.read(silenceMs)) {
      await payments.take(expectFrame(frame, 'voucher').voucher)
    }
  })
  const stream = await requester.dialProtocol(provider.getMultiaddrs(), inferProtocol.id)
  const frames = createFrameStream(stream, provider.peerId.toString(), inferProtocol)
  const end = payerEnd(payer.record, depositMicroUsd, payer)
  return { payment: new DirectPayment(requesterEnd(frames, clock), end), payments }
}

/** A requester's keys and its channel to a receiver, with money in it. */
async function openPayer(receiver: Address, chain: Chain) {
  const [wallet, session] = [createMemoryAccount(), createMemoryAccount()]
  const deps = { chain, wallet, session, vouchers: new MemoryVoucherStore(), random, clock }
  const record: ChannelRecord = await addChannel(receiver, deps)
  await chain.faucet(wallet.address, depositMicroUsd)
  await chain.deposit(record.config, depositMicroUsd, wallet)
  return { ...deps, record }
}

/** What of a tab's transport a hub needs. */
function transportTo({ multiaddrs }: Relay, node: Node): Transport {
  const open: Transport['open'] = async (peer, protocol) =>
    createFrameStream(await node.dialProtocol(multiaddr(multiaddrs[0]), protocol.id), peer, protocol)
  return { peerId: node.peerId.toString(), open } as Transport
}
