import { expect, test, vi } from 'vitest'
import { ManualClock } from '../../device/manual-clock.ts'
import type { ModelId } from '../../domain/model.ts'
import type { PieceShelf } from '../../ports/index.ts'
import { limits } from '../../protocol/limits.ts'
import { createMemoryNetwork } from '../../transport/memory-network.ts'
import { AnswersFirst } from './answers-first.ts'
import { createLender, type LendDeps } from './lend.ts'
import { PieceTraffic } from './piece-traffic.ts'

const modelOf = (digit: string): ModelId => `0x${digit.repeat(64)}`

/** A shelf on which models can be put. */
function createShelf() {
  const kept: ModelId[] = []
  const listeners = new Set<(model: ModelId, piece: number) => void>()
  const shelf: PieceShelf = {
    lendable: async () => [...kept],
    holding: async () => null,
    read: async () => null,
    watchGains(onGained) {
      listeners.add(onGained)
      return () => listeners.delete(onGained)
    },
  }
  return {
    shelf,
    gain(model: ModelId) {
      kept.push(model)
      listeners.forEach((tell) => tell(model, 0))
    },
  }
}

async function setUp(more: Partial<LendDeps> = {}) {
  const clock = new ManualClock()
  const network = createMemoryNetwork({ clock })
  const [tab, asker] = [network.join(), network.join()]
  await tab.transport.start()
  const { shelf, gain } = createShelf()
  const parts = { answers: new AnswersFirst(), traffic: new PieceTraffic(), clock, shelf }
  const lender = createLender({ ...tab, ...parts, ...more })
  const count = async (model: ModelId) => (await asker.holders.find(model)).count
  return { clock, network, lender, gain, count }
}

test('says what it holds as long as it lends, and takes it back when it stops', async () => {
  const { clock, lender, gain, count } = await setUp()
  gain(modelOf('1'))
  lender.start(1)
  await vi.waitFor(async () => expect(await count(modelOf('1'))).toBe(1))
  await clock.advance(3 * limits.holdingLifetimeSeconds * 1000)
  expect(await count(modelOf('1'))).toBe(1)
  lender.stop()
  await vi.waitFor(async () => expect(await count(modelOf('1'))).toBe(0))
})

test('says soon that it has gained the first piece of another model', async () => {
  const { clock, lender, gain, count } = await setUp()
  lender.start(1)
  await clock.advance(10)
  gain(modelOf('2'))
  await clock.advance(2_000)
  expect(await count(modelOf('2'))).toBe(1)
})

test('says it again when its relay comes back', async () => {
  const { clock, lender, gain, count, network } = await setUp()
  gain(modelOf('3'))
  network.dropRelay()
  lender.start(1)
  await clock.advance(100)
  network.restoreRelay()
  await clock.advance(2_000)
  expect(await count(modelOf('3'))).toBe(1)
})

test('lends when it is its turn among the tabs of a browser', async () => {
  const turns: (() => void)[] = []
  const given: string[] = []
  const { lender } = await setUp({
    waitForTurn(onTurn) {
      turns.push(onTurn)
      return () => given.push('back')
    },
  })
  lender.start(1)
  lender.start(2)
  expect([turns.length, lender.status().isLending]).toEqual([1, false])
  turns[0]!()
  expect(lender.status().isLending).toBe(true)
  lender.stop()
  expect([given, lender.status().isLending]).toEqual([['back'], false])
})
