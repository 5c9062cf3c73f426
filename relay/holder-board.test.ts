import { expect, test } from 'vitest'
import type { ModelId } from '../src/domain/model.ts'
import { limits } from '../src/protocol/limits.ts'
import { HolderBoard } from './holder-board.ts'

const modelOf = (number: number): ModelId => `0x${String(number).padStart(64, '0')}`

function setUp(maxTabs = 100) {
  const clock = { seconds: 1000 }
  return { clock, board: new HolderBoard(maxTabs, () => clock.seconds) }
}

test('names the tabs that hold a model, but not the one that asks', () => {
  const { board } = setUp()
  board.put('a', [modelOf(1), modelOf(2)])
  board.put('b', [modelOf(1)])
  expect(board.find(modelOf(1), 'b')).toEqual({ peers: ['a'], count: 2 })
  expect(board.find(modelOf(2), 'c')).toEqual({ peers: ['a'], count: 1 })
  expect(board.find(modelOf(3), 'c')).toEqual({ peers: [], count: 0 })
})

test('an announcement takes the place of the one before, and an empty one takes it back', () => {
  const { board } = setUp()
  board.put('a', [modelOf(1)])
  board.put('a', [modelOf(2)])
  expect(board.find(modelOf(1), 'b').count).toBe(0)
  board.put('a', [])
  expect(board.size).toBe(0)
})

test('forgets what is not said again, and a tab that left', () => {
  const { board, clock } = setUp()
  board.put('a', [modelOf(1)])
  clock.seconds += limits.holdingLifetimeSeconds - 1
  board.put('b', [modelOf(1)])
  clock.seconds += 1
  expect(board.find(modelOf(1), 'c').peers).toEqual(['b'])
  board.remove('b')
  expect(board.find(modelOf(1), 'c').count).toBe(0)
})

test('one that says it again lives on', () => {
  const { board, clock } = setUp()
  board.put('a', [modelOf(1)])
  board.put('b', [modelOf(1)])
  clock.seconds += limits.holdingLifetimeSeconds - 1
  board.put('a', [modelOf(1)])
  clock.seconds += 1
  expect(board.find(modelOf(1), 'c').peers).toEqual(['a'])
})

test('takes no more tabs than it was made for, and no more models of one', () => {
  const { board } = setUp(1)
  const many = Array.from({ length: limits.modelsPerHolder + 1 }, (_, index) => modelOf(index))
  expect(board.put('a', many)).toBe(true)
  expect(board.find(many.at(-1)!, 'b').count).toBe(0)
  expect(board.put('b', [modelOf(1)])).toBe(false)
  expect(board.put('a', [modelOf(1)])).toBe(true)
})

test('of many holders it names different ones each time, so that all of them are asked', () => {
  const { board } = setUp()
  for (let tab = 0; tab < 60; tab++) board.put(`tab ${tab}`, [modelOf(1)])
  const named = new Set<string>()
  for (let round = 0; round < 50; round++) {
    const { peers, count } = board.find(modelOf(1), 'tab 0')
    expect([peers.length, new Set(peers).size, count]).toEqual([32, 32, 60])
    for (const peer of peers) named.add(peer)
  }
  expect(named.size).toBe(59)
})
