import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { fileURLToPath } from 'node:url'
import type { Connection } from '@libp2p/interface'
import { multiaddr } from '@multiformats/multiaddr'
import { expect, onTestFinished, test } from 'vitest'
import { systemClock as clock } from '../../src/device/system-clock.ts'
import { ProtocolError } from '../../src/errors/index.ts'
import { makeManifest } from '../../src/models/make-manifest.ts'
import { ManifestBook } from '../../src/models/manifest-book.ts'
import type { FrameStream } from '../../src/ports/transport.ts'
import { encodeFrame, parseFrame } from '../../src/protocol/frame-codec.ts'
import { providerFrameSchema, requesterFrameSchema } from '../../src/protocol/infer-messages.ts'
import { holderAnswerSchema, holderRequestSchema } from '../../src/protocol/holder-messages.ts'
import { manifestReplySchema, manifestRequestSchema } from '../../src/protocol/manifest-messages.ts'
import { directoryEventSchema, directoryRequestSchema } from '../../src/protocol/offer-messages.ts'
import { lenderFrameSchema, readerFrameSchema } from '../../src/protocol/piece-messages.ts'
import {
  directoryProtocol,
  holdersProtocol,
  inferProtocol,
  manifestProtocol,
} from '../../src/protocol/protocols.ts'
import { createManifestPeers, serveManifests } from '../../src/roles/pieces/manifest-exchange.ts'
import { MemoryDocumentStore } from '../../src/storage/memory-document-store.ts'
import { createMemoryNetwork } from '../../src/transport/memory-network.ts'
import { prefixLength } from '../../src/transport/length-prefix.ts'
import { createDice, hostileFrame } from '../fixtures/hostile-frames.ts'
import { channelConfig, makeTerms } from '../fixtures/jobs.ts'
import { makeAsk, never, openMarket, runAsk } from '../fixtures/market.ts'
import { signedTestOffer } from '../fixtures/offer.ts'
import { smallFacts, smallFiles } from '../fixtures/small-model.ts'
import { startWireNode } from '../fixtures/wire-node.ts'

const signature = `0x${'ab'.repeat(65)}` as const
const voucher = { channelId: `0x${'22'.repeat(32)}`, maxClaimableAmount: 5n, signature }
const job = { type: 'job', terms: makeTerms(), channel: channelConfig, signature }
const tokens = { type: 'tokens', start: 0, tokenIds: [1, 2, 3], text: 'abc' }
const mebibyte = 1 << 20
const known = await makeManifest(smallFiles(), smallFacts)

/** One good message per kind of peer input, and the schema that stands at the door for it. */
async function doors() {
  const offer = await signedTestOffer('tab')
  const modelId = job.terms.modelId
  return [
    { schema: requesterFrameSchema, good: job },
    { schema: requesterFrameSchema, good: { type: 'voucher', voucher } },
    { schema: providerFrameSchema, good: tokens },
    { schema: directoryRequestSchema, good: { type: 'publish', offer } },
    { schema: directoryEventSchema, good: { type: 'changed', offers: [offer], gone: ['a'], peers: 2 } },
    { schema: holderRequestSchema, good: { type: 'announce', models: [modelId] } },
    { schema: holderAnswerSchema, good: { type: 'holders', peers: ['a', 'b'], count: 2 } },
    { schema: readerFrameSchema, good: { type: 'open', modelId, pieces: 7 } },
    { schema: lenderFrameSchema, good: { type: 'have', bitmap: '0xfe' } },
    { schema: lenderFrameSchema, good: { type: 'gained', pieces: [1, 2, 3] } },
    { schema: manifestRequestSchema, good: { type: 'manifest', modelId } },
    { schema: manifestReplySchema, good: { type: 'manifest', manifest: known.manifest } },
    {
      schema: manifestReplySchema,
      good: { type: 'refused', error: { code: 'market/no-model', shortMessage: 'No.' } },
    },
  ] as const
}

const framesPerDoor = 16_000

test('200,000 hostile frames at the protocol door: each is refused by name or is a whole message', async () => {
  const dice = createDice(1)
  const counts = { refused: 0, whole: 0 }
  const all = await doors()
  for (const { schema, good } of all) {
    for (let frame = 0; frame < framesPerDoor; frame++) {
      try {
        const message = parseFrame(schema, hostileFrame(good, dice))
        expect(message.type).toBeTypeOf('string')
        counts.whole += 1
      } catch (error) {
        if (!(error instanceof ProtocolError)) throw error
        counts.refused += 1
      }
    }
  }
  expect(counts.refused + counts.whole).toBe(all.length * framesPerDoor)
  expect(counts.refused).toBeGreaterThan(0.9 * all.length * framesPerDoor)
})

/** Writes frames until the other side has had enough. */
async function pour(stream: FrameStream, frames: Uint8Array[]): Promise<void> {
  try {
    for (const frame of frames) await stream.write(frame)
    await stream.close()
    while (await stream.read()) continue
  } catch (error) {
    expect(error).toMatchObject({ code: expect.stringMatching(/^(transport|protocol)\//) })
  }
}

test('a provider lives through hostile and out-of-order jobs, and serves the next one', async () => {
  const market = openMarket()
  const { peerId } = await market.joinProvider()
  const hostile = market.tabs.join('hostile').transport
  await hostile.start()
  const dice = createDice(2)
  const badOrGood = (message: unknown) => (dice(2) ? encodeFrame(message) : hostileFrame(message, dice))
  for (let round = 0; round < 2_000; round++) {
    const stream = await hostile.open(peerId, inferProtocol)
    const frames = [job, { type: 'voucher', voucher }, { type: 'cancel' }, tokens]
    const order = Array.from({ length: 1 + dice(4) }, () => badOrGood(frames[dice(4)]))
    await pour(stream, order)
  }
  const requester = await market.joinRequester()
  const answer = await runAsk(requester.requester.ask(makeAsk(), never))
  expect(answer.error).toBeNull()
  expect(answer.tokens.completionTokens).toBeGreaterThan(0)
})

/** A tab that tells a manifest, a hostile one that says it has it too, and one that looks for it. */
async function joinTellers() {
  const tabs = createMemoryNetwork()
  const [hostile, teller, reader] = [tabs.join(), tabs.join(), tabs.join()]
  for (const { transport } of [hostile, teller, reader]) await transport.start()
  await hostile.holders.announce([known.id])
  await teller.holders.announce([known.id])
  const find = async (id: string) => (id === known.id ? known.manifest : null)
  serveManifests({ transport: teller.transport, clock }, find)
  const peers = createManifestPeers({ ...reader, clock })
  const bring = () => {
    const book = new ManifestBook({ documents: new MemoryDocumentStore(), clock, peers })
    return book.bring(known.id, [])
  }
  return { hostile, teller, bring }
}

test('a tab that tells manifests lives through hostile questions, and answers the next one', async () => {
  const { hostile, teller, bring } = await joinTellers()
  const dice = createDice(4)
  const question = { type: 'manifest', modelId: known.id }
  for (let round = 0; round < 2_000; round++) {
    const stream = await hostile.transport.open(teller.peerId, manifestProtocol)
    await pour(
      stream,
      Array.from({ length: 1 + dice(3) }, () => hostileFrame(question, dice)),
    )
  }
  expect(await bring()).toEqual(known.manifest)
})

test('a tab that asks for a manifest goes past every hostile answer to the next tab', async () => {
  const { hostile, bring } = await joinTellers()
  const dice = createDice(5)
  const good = { type: 'manifest', manifest: known.manifest }
  let lies = 0
  hostile.transport.handle(manifestProtocol, async (stream) => {
    lies += 1
    await stream.write(hostileFrame(good, dice))
  })
  // No more than the honest tab tells one asker in a minute.
  for (let round = 0; round < 200; round++) expect(await bring()).toEqual(known.manifest)
  expect(lies).toBe(200)
})

/** A relay in a process of its own with a small heap: were its memory not bounded, it would die. */
async function spawnRelay() {
  const dataDir = await mkdtemp(join(tmpdir(), 'opentab-fuzz-'))
  const main = fileURLToPath(new URL('../../relay/main.ts', import.meta.url))
  const child = spawn(
    process.execPath,
    ['--max-old-space-size=128', main, '--port', '0', '--http-port', '0', '--data', dataDir],
    {
      stdio: ['ignore', 'pipe', 'inherit'],
    },
  )
  const lines = createInterface({ input: child.stdout })
  const found = new Map<string, string>()
  for await (const line of lines) {
    const [, name, value] = /^(Relay|Status): (.*)$/.exec(line) ?? []
    if (name && value) found.set(name, value)
    if (found.size === 2) break
  }
  child.stdout.resume()
  const httpUrl = new URL(found.get('Status') ?? '').origin
  return {
    address: found.get('Relay') ?? '',
    child,
    async memoryBytes() {
      const metrics = await (await fetch(`${httpUrl}/metrics`)).text()
      return Number(/^process_resident_memory_bytes (\d+)$/m.exec(metrics)?.[1])
    },
    async health() {
      return (await (await fetch(`${httpUrl}/health`)).json()) as Record<string, number>
    },
    async stop() {
      if (child.exitCode !== null) return
      child.kill('SIGTERM')
      await once(child, 'exit')
      await rm(dataDir, { recursive: true, force: true })
    },
  }
}

/** Raw bytes for one stream: bad frames, lengths that promise gigabytes, and lengths that never end. */
function hostileBytes(good: unknown, dice: (sides: number) => number): Uint8Array[] {
  switch (dice(5)) {
    case 0:
      return [Uint8Array.from({ length: 3_000 }, () => 0xff)]
    case 1:
      return [Uint8Array.of(0xff, 0xff, 0xff, 0xff, 0x0f)]
    case 2:
      return [prefixLength(new Uint8Array(directoryProtocol.maxFrameBytes + 1))]
    default:
      return Array.from({ length: 50 }, () => prefixLength(hostileFrame(good, dice)))
  }
}

async function attack(connection: Connection, protocolId: string, pieces: Uint8Array[]): Promise<void> {
  const stream = await connection.newStream(protocolId).catch(() => null)
  if (!stream) return
  try {
    for (const piece of pieces) if (!stream.send(piece)) await stream.onDrain()
    await stream.close()
  } catch {
    // The relay had enough, which is what it should have.
  } finally {
    stream.abort(new Error('done'))
  }
}

test('a relay lives through hostile streams, its memory stays bounded, and it serves the next tab', async () => {
  const relay = await spawnRelay()
  onTestFinished(() => relay.stop())
  const dice = createDice(3)
  const targets = [
    { id: directoryProtocol.id, good: { type: 'publish', offer: await signedTestOffer('tab') } },
    { id: holdersProtocol.id, good: { type: 'announce', models: [job.terms.modelId] } },
  ] as const
  const round = async () => {
    const node = await startWireNode()
    const connection = await node.dial(multiaddr(relay.address))
    for (let stream = 0; stream < 60; stream++) {
      const { id, good } = targets[dice(2) ? 1 : 0]
      await attack(connection, id, hostileBytes(good, dice))
    }
    await node.stop()
  }
  for (let tab = 0; tab < 15; tab++) await round()
  expect(await relay.memoryBytes()).toBeLessThan(512 * mebibyte)

  const node = await startWireNode()
  const connection = await node.dial(multiaddr(relay.address))
  const peerId = node.peerId.toString()
  const stream = await connection.newStream(directoryProtocol.id)
  stream.send(prefixLength(encodeFrame({ type: 'publish', offer: await signedTestOffer(peerId) })))
  await expect.poll(async () => (await relay.health()).offers, { timeout: 20_000 }).toBe(1)
  await node.stop()
  await expect.poll(async () => (await relay.health()).tabs, { timeout: 20_000 }).toBe(0)
  expect((await relay.health()).malformed).toBeGreaterThan(10)
  await relay.stop()
  expect(relay.child.exitCode).toBe(0)
})
