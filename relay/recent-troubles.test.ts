import { expect, test } from 'vitest'
import { RecentTroubles } from './recent-troubles.ts'

test('everything is logged, and the last ten refusals are kept, the latest first', () => {
  const lines: string[] = []
  const troubles = new RecentTroubles((event) => lines.push(event))
  troubles.log('started')
  for (let at = 0; at < 12; at++) troubles.log('offer-refused', { at })
  expect(lines).toHaveLength(13)
  expect(troubles.refusals().map(({ facts }) => facts.at)).toEqual([11, 10, 9, 8, 7, 6, 5, 4, 3, 2])
})

test('what peers provoke does not push out what went wrong here, and neither does one trouble another', () => {
  const troubles = new RecentTroubles(() => {})
  troubles.log('hub-backup-failed', { code: 'storage/quota' })
  for (let time = 0; time < 20; time++) {
    troubles.log('malformed-request', { peer: 'a' })
    troubles.log('hub-deposit-failed', { code: 'hub/out-of-funds', time })
  }
  troubles.log('hub-deposit-failed', { code: 'hub/busy' })
  expect(troubles.latest()).toMatchObject([
    { event: 'hub-deposit-failed', facts: { code: 'hub/busy' } },
    { event: 'hub-deposit-failed', facts: { code: 'hub/out-of-funds', time: 19 } },
    { event: 'hub-backup-failed' },
  ])
  expect(troubles.refusals()).toHaveLength(10)
})

test('requests that were no good are counted, wherever they came in', () => {
  const troubles = new RecentTroubles(() => {})
  troubles.log('hub-payment-refused', { code: 'protocol/malformed' })
  troubles.log('request-refused', { code: 'protocol/too-large' })
  troubles.log('hub-provider-refused', { code: 'hub/busy', details: 'protocol/rate-limited' })
  troubles.log('hub-payment-refused', { code: 'hub/busy' })
  troubles.log('departed')
  expect(troubles.counts).toEqual({ malformed: 2, limited: 1 })
})
