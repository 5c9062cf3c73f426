import { expect, test } from 'vitest'
import { RecentTroubles } from './recent-troubles.ts'

test('everything is logged, and the last ten troubles are kept, the latest first', () => {
  const lines: string[] = []
  const troubles = new RecentTroubles((event) => lines.push(event))
  troubles.log('started')
  for (let at = 0; at < 12; at++) troubles.log('offer-refused', { at })
  expect(lines).toHaveLength(13)
  expect(troubles.latest().map(({ facts }) => facts.at)).toEqual([11, 10, 9, 8, 7, 6, 5, 4, 3, 2])
})
