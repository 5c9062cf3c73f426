import { expect, test } from 'vitest'
import { ManualClock } from '../../src/device/manual-clock.ts'
import { systemClock } from '../../src/device/system-clock.ts'
import type { ModelFile, ModelManifest } from '../../src/domain/model.ts'
import { computeModelId } from '../../src/models/model-id.ts'
import { parseManifest } from '../../src/models/manifest-schema.ts'
import type { Transport } from '../../src/ports/index.ts'
import { encodeFrame, parseFrame } from '../../src/protocol/frame-codec.ts'
import { limits } from '../../src/protocol/limits.ts'
import { manifestReplySchema } from '../../src/protocol/manifest-messages.ts'
import { manifestProtocol } from '../../src/protocol/protocols.ts'
import { createManifestPeers, serveManifests } from '../../src/roles/pieces/manifest-exchange.ts'
import { createMemoryNetwork } from '../../src/transport/memory-network.ts'
import { smallFacts } from '../fixtures/small-model.ts'

const hash = `0x${'ab'.repeat(32)}` as const

function fileOf(index: number, pieces: number): ModelFile {
  const content = { bytes: pieces * 1024, sha256: hash, pieceBytes: 1024 }
  return { path: `part-${index}.bin`, ...content, pieces: Array.from({ length: pieces }, () => hash) }
}

/** Returns a manifest that is as long as one may be, to within the hash of a piece. */
function longestManifest(): ModelManifest {
  const [most, pieceBytes] = [16_384, JSON.stringify(hash).length + 1]
  const withLast = (pieces: number): ModelManifest => {
    return { version: 1, ...smallFacts, files: [fileOf(0, most), fileOf(1, pieces)] }
  }
  const room = limits.manifestBytes - JSON.stringify(withLast(10_000)).length
  return parseManifest(withLast(10_000 + Math.floor(room / pieceBytes)))
}

/** A tab that knows one manifest, and how others ask it. */
async function openHolder(manifest: ModelManifest, clock = new ManualClock(1_000)) {
  const tabs = createMemoryNetwork()
  const holder = tabs.join()
  await holder.transport.start()
  const id = await computeModelId(manifest)
  serveManifests({ transport: holder.transport, clock }, async (asked) => (asked === id ? manifest : null))
  await holder.holders.announce([id])
  const join = async () => {
    const tab = tabs.join()
    await tab.transport.start()
    return tab
  }
  const ask = async (transport: Transport, modelId = id) => {
    const stream = await transport.open(holder.peerId, manifestProtocol)
    await stream.write(encodeFrame({ type: 'manifest', modelId }))
    const frame = await stream.read()
    await stream.close()
    return parseFrame(manifestReplySchema, frame!)
  }
  return { id, clock, join, ask }
}

test('a manifest that is as long as one may be reaches another tab', async () => {
  const manifest = longestManifest()
  expect(JSON.stringify(manifest).length).toBeGreaterThan(limits.manifestBytes - 100)
  const { id, join } = await openHolder(manifest)
  const { transport, holders } = await join()
  const answers: unknown[] = []
  const peers = createManifestPeers({ transport, holders, clock: systemClock })
  for await (const answer of peers.ask(id)) answers.push(answer)
  expect(answers).toEqual([manifest])
})

test('a tab that asks for more than it could need is refused for a minute, and others are not', async () => {
  const { clock, join, ask } = await openHolder(longestManifest())
  const [greedy, modest] = [(await join()).transport, (await join()).transport]
  const types: string[] = []
  for (let round = 0; round < 8; round++) types.push((await ask(greedy)).type)
  expect(types[0]).toBe('manifest')
  expect(types.at(-1)).toBe('refused')
  expect(await ask(greedy)).toMatchObject({ error: { code: 'market/provider-full' } })
  expect((await ask(modest)).type).toBe('manifest')
  await clock.advance(60_000)
  expect((await ask(greedy)).type).toBe('manifest')
})

test('questions for what is not there count too', async () => {
  const { join, ask } = await openHolder(longestManifest())
  const { transport } = await join()
  const codes: string[] = []
  for (let round = 0; round < 300; round++) {
    const reply = await ask(transport, hash)
    codes.push(reply.type === 'refused' ? reply.error.code : reply.type)
  }
  expect(codes[0]).toBe('market/no-model')
  expect(codes.at(-1)).toBe('market/provider-full')
})
