import { expect, test } from 'vitest'
import { createLineLog, shortPeerId } from './log.ts'

test('an event is one line, whatever is in it', () => {
  const lines: string[] = []
  createLineLog((line) => lines.push(line))('offer-refused', { peer: 'a\nb', code: 'market/offer-refused' })
  expect(lines).toHaveLength(1)
  expect(lines[0]).toMatch(/^\S+Z offer-refused peer="a\\nb" code="market\/offer-refused"$/)
})

test('a peer is named by its end alone', () => {
  expect(shortPeerId('12D3KooWNvSZnPi3RrhrTwEY4LuuBeB6K6facKUCJcyWG1aoDd2p')).toBe('G1aoDd2p')
})
