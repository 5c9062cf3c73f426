import { expect, test } from 'vitest'
import { createSeededRandom } from '../../src/device/seeded-random.ts'
import { systemClock as clock } from '../../src/device/system-clock.ts'
import { fetchFromTabs } from '../../src/models/fetch-from-tabs.ts'
import { MemoryPieceStore } from '../../src/models/memory-piece-store.ts'
import { KeptPieceShelf } from '../../src/models/piece-shelf.ts'
import { modelPieces } from '../../src/models/pieces.ts'
import type { Holders } from '../../src/ports/index.ts'
import { AnswersFirst } from '../../src/roles/pieces/answers-first.ts'
import { countJobs } from '../../src/roles/pieces/count-answers.ts'
import { createPiecePeers } from '../../src/roles/pieces/fetch-pieces.ts'
import { createLender } from '../../src/roles/pieces/lend.ts'
import { PieceTraffic } from '../../src/roles/pieces/piece-traffic.ts'
import { makeAsk, never, openMarket, runAsk } from '../fixtures/market.ts'
import { publishForTabs } from '../fixtures/piece-tabs.ts'

/** An engine that stops before its next token when it is told to. */
function createGate() {
  let open = Promise.withResolvers<void>()
  open.resolve()
  return {
    pause: () => open.promise,
    close: () => void (open = Promise.withResolvers()),
    open: () => open.resolve(),
  }
}

test('a provider that lends sends no piece while it answers, and all of them after', async () => {
  const market = openMarket()
  const gate = createGate()
  const seller = await market.joinProvider(undefined, { engine: { pause: gate.pause } })
  const { entry, content } = await publishForTabs(30)
  const pieces = new MemoryPieceStore()
  for (const { sha256, start, bytes } of modelPieces(entry.manifest)) {
    await pieces.write(entry.id, sha256, content.slice(start, start + bytes))
  }
  const holders: Holders = {
    announce: async () => {},
    find: async () => ({ peers: [seller.peerId], count: 1 }),
  }
  const sent = new PieceTraffic()
  const answers = new AnswersFirst()
  const shelf = new KeptPieceShelf(pieces, async () => new Map([[entry.id, entry.manifest]]))
  countJobs(seller.provider, answers)
  const lender = createLender({ ...seller, holders, shelf, answers, traffic: sent, clock })
  lender.start(1e9)

  const { requester } = await market.joinRequester()
  const streaming = Promise.withResolvers<void>()
  let tokens = 0
  const answered = runAsk(requester.ask(makeAsk({ maxTokens: 40 }), never), (event) => {
    if (event.type !== 'tokens' || tokens++ > 0) return
    gate.close()
    streaming.resolve()
  })
  await streaming.promise

  const reader = market.tabs.join()
  await reader.transport.start()
  const random = createSeededRandom(9)
  const peers = createPiecePeers({
    transport: reader.transport,
    ...{ holders, random, clock, answers: new AnswersFirst(), traffic: new PieceTraffic() },
  })
  const received: Uint8Array[] = []
  const fetching = (async () => {
    const options = { signal: undefined, onBytes: undefined, onTabs: () => {} }
    for await (const piece of fetchFromTabs(entry, modelPieces(entry.manifest), peers, options)) {
      received.push(piece.content)
    }
  })()
  await expect.poll(() => lender.status()).toMatchObject({ tabs: 1, isPaused: true })
  await new Promise((resolve) => setTimeout(resolve, 100))
  expect(sent.sentBytes).toBe(0)

  gate.open()
  const answer = await answered
  expect(answer.error).toBeNull()
  await fetching
  expect(received).toHaveLength(30)
  expect(sent.sentBytes).toBe(content.byteLength)
})
