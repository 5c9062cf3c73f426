import { afterEach, describe, expect, test, vi } from 'vitest'
import { ManualClock } from '../../src/device/manual-clock.ts'
import { systemClock } from '../../src/device/system-clock.ts'
import type { Hex } from '../../src/domain/bytes.ts'
import { encodeByteChat } from '../../src/engine/memory-model.ts'
import { createWorkerEngine } from '../../src/engine/worker-engine.ts'
import { promptHashOf } from '../../src/ledger/output-chain.ts'
import { signOffer } from '../../src/ledger/sign-offer.ts'
import type { ProviderFrame } from '../../src/protocol/infer-messages.ts'
import { inferProtocol } from '../../src/protocol/protocols.ts'
import { expectFrame, providerEnd } from '../../src/roles/common/frames.ts'
import { createProvider } from '../../src/roles/provide/provide.ts'
import { FakeWorker } from '../fixtures/fake-worker.ts'
import { accounts, network, price } from '../fixtures/jobs.ts'
import { entry, makeAsk, models, never, openMarket, runAsk } from '../fixtures/market.ts'
import { openMortalWorker } from '../fixtures/mortal-worker.ts'
import { testOffer } from '../fixtures/offer.ts'

const [, , wallet] = accounts
const arithmeticId: Hex = `0x${'00'.repeat(32)}`
const minuteMs = 60_000

/** Moves time on by seconds until the work is done; returns what it came to. */
async function drive<value>(work: Promise<value>, clock: ManualClock): Promise<value> {
  let isDone = false
  const end = () => (isDone = true)
  work.then(end, end)
  while (!isDone) await clock.advance(1_000)
  return work
}

describe('a tab that takes its time', () => {
  test('over a long prompt is waited for, longer than for one that says nothing', async () => {
    const clock = new ManualClock(Date.now())
    const market = openMarket()
    let isSlow = false
    const pause = (signal?: AbortSignal) =>
      isSlow ? clock.sleep(7 * minuteMs, signal) : new Promise<void>((resolve) => setTimeout(resolve))
    const { provider } = await market.joinProvider(wallet, { clock, engine: { pause } })
    const { requester } = await market.joinRequester({ clock })
    const startedMs = clock.nowMs()
    isSlow = true
    const asking = runAsk(requester.ask(makeAsk(), never), (event) => {
      if (event.type === 'tokens') isSlow = false
    })
    const answer = await drive(asking, clock)
    expect([answer.error, answer.finishReason]).toEqual([null, 'stop'])
    expect(clock.nowMs() - startedMs).toBeGreaterThanOrEqual(7 * minuteMs)
    await provider.stop()
  })
})

describe('a worker that hangs in the middle of an answer', () => {
  afterEach(() => void vi.useRealTimers())

  test('is replaced, and its answer goes on from its tokens, whatever the requester would bear of silence', async () => {
    vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout', 'Date'] })
    const market = openMarket()
    const tab = await driveTimers(market.joinProvider(wallet))
    const requesting = await driveTimers(market.joinRequester())
    const undisturbed = await driveTimers(runAsk(requesting.requester.ask(makeAsk(), never)))
    await driveTimers(tab.provider.stop())

    const workers: FakeWorker[] = []
    const engine = createWorkerEngine({
      openModelWorker() {
        const fate = workers.length === 0 ? ({ death: 'hangs', afterSteps: 20 } as const) : 'lives'
        // One token a second was measured: a step may take a hundred seconds.
        workers.push(openMortalWorker(fate, { tokensPerSecond: 1, arithmeticId }))
        return workers.at(-1)!
      },
      openTextWorker: () => openByteTexts(),
      probe: async () => ({
        ...{ webgpu: null, crossOriginIsolated: false, threads: 1, memoryBytes: null, storageBytes: null },
        ...{ backends: ['wasm'], reason: 'Only a test.' },
      }),
    })
    const provider = createProvider({ ...tab, engine, models, chain: market.chain, signer: wallet })
    await driveTimers(provider.start({ entry, price, slots: 1 }))
    const startedMs = systemClock.nowMs()
    const answer = await driveTimers(runAsk(requesting.requester.ask(makeAsk(), never)))
    expect([answer.error, answer.tokenIds]).toEqual([null, undisturbed.tokenIds])
    expect(workers.map(({ terminated }) => terminated)).toEqual([true, false])
    expect(systemClock.nowMs() - startedMs).toBeGreaterThanOrEqual(100_000)
    await driveTimers(provider.stop())
  })
})

/** Lets faked time pass until the work is done, with room for what takes none. */
async function driveTimers<value>(work: Promise<value>): Promise<value> {
  let isDone = false
  const end = () => (isDone = true)
  work.then(end, end)
  while (!isDone) {
    await vi.advanceTimersByTimeAsync(50)
    await new Promise((resolve) => setImmediate(resolve))
  }
  return work
}

/** A text worker that encodes as the byte model does. */
function openByteTexts(): FakeWorker {
  return new FakeWorker((message, self) => {
    if (message.kind !== 'call') return
    const { id, name, input } = message
    const { messages = [] } = input as { messages?: Parameters<typeof encodeByteChat>[0] }
    const output = name === 'encodeChat' ? encodeByteChat(messages) : { embeddingWidth: 0 }
    self.say({ kind: 'result', id, output })
  })
}

describe('a tab that only puts off', () => {
  /** A market whose only provider accepts, sends what it is told to, and then says for ever that it goes on. */
  async function openWithIdler(sent: ProviderFrame[], everyMs: number) {
    const clock = new ManualClock(Date.now())
    const market = openMarket()
    const idler = market.tabs.join()
    await idler.transport.start()
    const left = Promise.withResolvers<void>()
    idler.transport.handle(inferProtocol, async (stream) => {
      const end = providerEnd(stream, clock)
      const { terms } = expectFrame(await end.read(5_000), 'job')
      if (terms.task === 'embed') throw new Error('This provider only answers.')
      const promptIds = encodeByteChat(terms.messages)
      const promptHash = promptHashOf(promptIds)
      await end.write({ type: 'accepted', promptTokens: promptIds.length, promptHash, heldVoucher: null })
      for (const frame of sent) await end.write(frame)
      try {
        for (;;) {
          await clock.sleep(everyMs)
          await end.write({ type: 'waiting' })
        }
      } catch {
        left.resolve()
      }
    })
    const requester = await market.joinRequester({ clock })
    const { modelId } = makeAsk()
    const offer = testOffer(idler.peerId, { provider: wallet.address, modelId, arithmeticId, price })
    const { settlement, token } = network
    await idler.directory.publish(await signOffer({ ...offer, settlement, token }, wallet))
    return { ...requester, clock, left: left.promise }
  }

  const token: ProviderFrame = { type: 'tokens', start: 0, tokenIds: [97], text: 'a' }

  test('is left after eight minutes before the first token, and paid nothing', async () => {
    const { requester, clock, left, settlement } = await openWithIdler([], 10_000)
    const startedMs = clock.nowMs()
    const asking = drive(runAsk(requester.ask(makeAsk(), never)), clock)
    await expect(asking).rejects.toMatchObject({ code: 'transport/timeout' })
    expect(Math.round((clock.nowMs() - startedMs) / minuteMs)).toBe(8)
    await drive(left, clock)
    expect((await settlement.overview()).spentMicroUsd).toBe(0n)
  })

  test('is left five minutes later than one that says nothing, and what came is kept', async () => {
    const { requester, clock, left } = await openWithIdler([token], 10_000)
    const startedMs = clock.nowMs()
    const answer = await drive(runAsk(requester.ask(makeAsk(), never)), clock)
    expect([answer.error?.code, answer.text]).toEqual(['transport/timeout', 'a'])
    expect(Math.round((clock.nowMs() - startedMs) / 30_000)).toBe(11)
    await drive(left, clock)
  })

  test('over and over is left at once', async () => {
    const { requester, clock, left } = await openWithIdler([], 1)
    const asking = drive(runAsk(requester.ask(makeAsk(), never)), clock)
    await expect(asking).rejects.toMatchObject({ code: 'protocol/unexpected-frame' })
    await drive(left, clock)
  })

  test('is left as soon as the person has enough of it', async () => {
    const { requester, clock, left } = await openWithIdler([], 10_000)
    const cancel = new AbortController()
    const asking = runAsk(requester.ask(makeAsk(), cancel.signal))
    const cancelling = clock.sleep(minuteMs).then(() => cancel.abort())
    const startedMs = clock.nowMs()
    await expect(drive(asking, clock)).rejects.toMatchObject({ code: 'market/cancelled' })
    await cancelling
    expect(clock.nowMs() - startedMs).toBeLessThanOrEqual(minuteMs + 10_000)
    await drive(left, clock)
  })
})
