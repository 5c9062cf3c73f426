import { afterEach, expect, test, vi } from 'vitest'
import { parseRelay, RelayKeeper } from '../../src/transport/relay-keeper.ts'
import { startFreezingProxy } from '../fixtures/freezing-proxy.ts'
import { startTestRelay, type TestRelay } from '../fixtures/test-relay.ts'
import { startWireNode } from '../fixtures/wire-node.ts'

const leaving: (() => unknown)[] = []

afterEach(async () => {
  for (const leave of leaving.splice(0).reverse()) await leave()
})

async function openRelay(): Promise<TestRelay> {
  const relay = await startTestRelay()
  leaving.push(() => relay.stop())
  return relay
}

async function keep(addresses: string[], pulse = { everyMs: 50, timeoutMs: 200 }) {
  const node = await startWireNode()
  const keeper = new RelayKeeper(node, addresses.map(parseRelay), pulse)
  keeper.start()
  leaving.push(async () => {
    keeper.stop()
    await node.stop()
  })
  return { node, keeper }
}

test('a relay that restarts is connected again', async () => {
  const relay = await openRelay()
  const { keeper } = await keep(relay.multiaddrs)
  await keeper.untilConnected()
  await relay.pause()
  await vi.waitFor(() => expect(keeper.connected()).toHaveLength(0), 5_000)
  await relay.resume()
  await keeper.untilConnected(AbortSignal.timeout(10_000))
  expect(keeper.connected().map(({ peerId }) => peerId)).toEqual([relay.relay.peerId])
})

test('a connection that the network forgot is given up and made anew', async () => {
  const relay = await openRelay()
  const port = /tcp\/(\d+)/.exec(relay.multiaddrs[0]!)?.[1]
  const proxy = await startFreezingProxy(Number(port))
  leaving.push(() => proxy.stop())
  const { node, keeper } = await keep([relay.multiaddrs[0]!.replace(`/tcp/${port}/`, `/tcp/${proxy.port}/`)])
  await keeper.untilConnected()
  const [frozen] = node.getConnections()
  proxy.freeze()
  await vi.waitFor(() => expect(frozen?.status).not.toBe('open'), 10_000)
  await keeper.untilConnected(AbortSignal.timeout(10_000))
  expect(node.getConnections().map(({ id }) => id)).not.toContain(frozen?.id)
})

test('a relay that is not there is told as such, and a given up wait as that', async () => {
  const relay = await openRelay()
  await relay.pause()
  const { keeper } = await keep(relay.multiaddrs)
  const late = keeper.untilConnected(AbortSignal.timeout(300))
  await expect(late).rejects.toMatchObject({ code: 'transport/no-relay' })
  await expect(keeper.untilConnected(AbortSignal.abort())).rejects.toMatchObject({ code: 'transport/closed' })
  await relay.resume()
})

test.each(['', 'ws://relay', '/ip4/127.0.0.1/tcp/1/ws'])('%j is no relay address', (text) => {
  expect(() => parseRelay(text)).toThrow(
    expect.objectContaining({ code: 'transport/no-relay', retryable: false }),
  )
})
