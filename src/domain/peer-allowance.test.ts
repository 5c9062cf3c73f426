import { expect, test } from 'vitest'
import { PeerAllowance } from './peer-allowance.ts'

test('a peer that has had enough waits for the next minute, and nobody else does', () => {
  const allowance = new PeerAllowance({ perPeer: 10, inAll: 100 })
  const takes = ['a', 'a', 'a', 'b'].map((peer) => allowance.take(peer, 6, 1_000))
  expect(takes).toEqual([true, true, false, true])
  expect(allowance.take('a', 6, 60_999)).toBe(false)
  expect(allowance.take('a', 6, 61_000)).toBe(true)
})

test('however many peers there are, all of them together take no more', () => {
  const allowance = new PeerAllowance({ perPeer: 10, inAll: 20 })
  const served = Array.from({ length: 50 }, (_, peer) => allowance.take(`peer ${peer}`, 5, 0))
  expect(served.filter(Boolean)).toHaveLength(4)
  expect(allowance.take('late', 5, 60_000)).toBe(true)
})
