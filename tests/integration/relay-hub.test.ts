import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { multiaddr } from '@multiformats/multiaddr'
import { afterAll, beforeAll, expect, test, vi } from 'vitest'
import type { Relay } from '../../relay/start-relay.ts'
import { createMemoryAccount } from '../../src/chain/key-signer.ts'
import { createViemChain } from '../../src/chain/viem-chain.ts'
import { systemClock } from '../../src/device/system-clock.ts'
import { sessionSalt } from '../../src/domain/session.ts'
import { channelIdOf } from '../../src/ledger/channel-id.ts'
import { signVoucher } from '../../src/ledger/sign-voucher.ts'
import type { Transport } from '../../src/ports/index.ts'
import { type HubClient, createHubClient } from '../../src/roles/hub/hub-client.ts'
import { createFrameStream } from '../../src/transport/frame-stream.ts'
import { startLocalRelay } from '../../tools/stack/local-relay.ts'
import { HandProvider, HandRequester, codeOf } from '../fixtures/hub-ends.ts'
import { type LocalChain, startLocalChain } from '../fixtures/local-chain.ts'
import { startWireNode } from '../fixtures/wire-node.ts'

const amount = 2_000_000n
let local: LocalChain
let dataDir: string
let node: Awaited<ReturnType<typeof startWireNode>>

beforeAll(async () => {
  local = await startLocalChain()
  dataDir = await mkdtemp(join(tmpdir(), 'opentab-relay-'))
  node = await startWireNode()
})

afterAll(async () => {
  await node.stop()
  await local.stop()
  await rm(dataDir, { recursive: true })
})

/** Starts a relay with a hub on the local chain; `said` is what its host is told. */
async function startHubRelay() {
  const said: string[] = []
  const say = (line: string) => said.push(line)
  const relay = await startLocalRelay({ network: local.network, dataDir, say })
  return { relay, said }
}

/** What of a tab's transport a hub needs, over a real connection to the relay alone. */
function transportTo({ multiaddrs }: Relay): Transport {
  const open: Transport['open'] = async (peer, protocol) =>
    createFrameStream(await node.dialProtocol(multiaddr(multiaddrs[0]), protocol.id), peer, protocol)
  return { peerId: node.peerId.toString(), open } as Transport
}

/** Returns the hub's client, as a tab has it. */
function connect(relay: Relay): HubClient {
  const transport = transportTo(relay)
  return createHubClient(relay.peerId, { transport, clock: systemClock, network: local.network })
}

/** What a relay says of its hub once it has read the figures. */
function readHub({ httpUrl }: Relay) {
  return vi.waitFor(async () => {
    const health = (await (await fetch(`${httpUrl}/health`)).json()) as { hub: Record<string, unknown> }
    expect(health.hub.figures).not.toBeNull()
    return health.hub
  }, 10_000)
}

/** An account with test money and no gas, and its session key. */
async function openPayer(hub: HubClient) {
  const [wallet, session] = [createMemoryAccount(), createMemoryAccount()]
  const { account } = await hub.terms()
  const chain = createViemChain(local.network)
  const config = {
    payer: wallet.address,
    payerAuthorizer: session.address,
    receiver: account,
    receiverAuthorizer: account,
    token: local.network.token,
    withdrawDelay: 900,
    salt: sessionSalt(new Uint8Array(23), Math.floor(Date.now() / 1000) + 3600),
  }
  await chain.faucet(wallet.address, amount)
  return { wallet, session, chain, config, channelId: channelIdOf(config, local.network) }
}

test('a hub on the local chain sends a deposit for a thousandth of a dollar or so, and keeps its books', async () => {
  const first = await startHubRelay()
  const hub = connect(first.relay)
  const { account } = await hub.terms()
  expect(first.said).toEqual([`Hub: ${account}, takes 5%`])

  const { feeMicroUsd } = await hub.quote('deposit')
  expect(feeMicroUsd).toBeGreaterThan(100n)
  expect(feeMicroUsd).toBeLessThan(20_000n)
  const { wallet, session, chain, config, channelId } = await openPayer(hub)
  const gasBefore = await chain.gasBalance(account)
  const signed = await chain.authorizeDeposit(config, amount, wallet)
  const voucher = await signVoucher(channelId, feeMicroUsd, local.network, session)
  expect(await hub.deposit(signed, voucher)).toMatchObject({ amountMicroUsd: amount })
  expect(await chain.channel(channelId)).toMatchObject({ balance: amount })
  expect(await chain.gasBalance(account)).toBeLessThan(gasBefore)
  await first.relay.stop()

  const second = await startHubRelay()
  expect(await readHub(second.relay)).toMatchObject({
    account,
    spreadMillionths: 50_000,
    trouble: null,
    warnings: [],
    figures: { feesMicroUsd: String(feeMicroUsd), unclaimedMicroUsd: String(feeMicroUsd) },
  })
  const metrics = await (await fetch(`${second.relay.httpUrl}/metrics`)).text()
  expect(metrics).toMatch(/^opentab_hub_up 1$/m)
  expect(metrics).toMatch(/^opentab_hub_balance_dollars 1000$/m)
  expect(await (await fetch(`${second.relay.httpUrl}/`)).text()).toContain(account)
  await second.relay.stop()
})

test('the fee is never less than the gas that was used', async () => {
  const { relay } = await startHubRelay()
  const hub = connect(relay)
  const { account } = await hub.terms()
  const { wallet, session, chain, config, channelId } = await openPayer(hub)
  const { feeMicroUsd } = await hub.quote('deposit')
  const before = await chain.gasBalance(account)
  const voucher = await signVoucher(channelId, feeMicroUsd, local.network, session)
  await hub.deposit(await chain.authorizeDeposit(config, amount, wallet), voucher)
  const usedWei = before - (await chain.gasBalance(account))
  const weiPerMicroUsd = 10n ** 18n / 3_000_000_000n
  expect(feeMicroUsd * weiPerMicroUsd).toBeGreaterThanOrEqual(usedWei)
  await relay.stop()
})

test('a job is paid over real links, and the hub stops with its lines open', async () => {
  const { relay } = await startHubRelay()
  const hub = connect(relay)
  const { account, ...spread } = await hub.terms()
  const { wallet, session, chain, config } = await openPayer(hub)
  await chain.deposit(config, amount, wallet)
  const transport = transportTo(relay)
  const where = { chain, clock: systemClock, hub: account }
  const provider = new HandProvider(transport, createMemoryAccount(), where)
  expect(codeOf(await provider.register())).toBe('registered')
  const requester = new HandRequester(transport, { wallet, session, config, chain, spread })
  const job = await requester.open({ provider: provider.account.address, ceilingMicroUsd: 10_000n })
  expect(await job.pay(7_777n)).toEqual({ type: 'paid', chargeMicroUsd: 7_777n })
  await vi.waitFor(() => expect(provider.paid.get(job.jobId)).toBe(7_777n))
  await relay.stop()
  expect(await provider.claim()).toBe(7_777n)
  expect(await chain.channel(requester.channelId)).toMatchObject({ totalClaimed: 7_777n + 388n })
})
