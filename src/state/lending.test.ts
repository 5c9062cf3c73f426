import { expect, it } from 'vitest'
import { fakeTab, testDocuments } from '../../tests/fixtures/fake-tab.ts'
import type { Lender } from '../roles/pieces/lend.ts'
import { Lending } from './lending.svelte.ts'

/** A lender that writes down what it is told. */
function recordingLender() {
  const told: (number | 'stop')[] = []
  const status = { isLending: false, tabs: 0, isPaused: false, sentBytes: 0, receivedBytes: 0 }
  const lender: Lender = {
    status: () => status,
    watch: () => () => {},
    start: (bytesPerSecond) => void told.push(bytesPerSecond),
    stop: () => void told.push('stop'),
  }
  return { told, lender: async () => lender }
}

it('lends nothing before this tab has shared, and from then on at every visit', async () => {
  const documents = testDocuments()
  const { told, lender } = recordingLender()
  const first = new Lending(fakeTab({ documents, lender }))
  await first.restore()
  first.limitMegabytes = 0.5
  await first.save()
  expect(told).toEqual([])
  await first.begin()
  expect(told).toEqual([500_000])
  await new Lending(fakeTab({ documents, lender })).restore()
  expect(told).toEqual([500_000, 500_000])
})

it('stops when it is switched off, and stays off at the next visit', async () => {
  const documents = testDocuments()
  const { told, lender } = recordingLender()
  const lending = new Lending(fakeTab({ documents, lender }))
  await lending.begin()
  lending.isOn = false
  await lending.save()
  const next = new Lending(fakeTab({ documents, lender }))
  await next.restore()
  await next.begin()
  expect(next.isOn).toBe(false)
  expect(told).toEqual([2_000_000, 'stop'])
})

it('a new limit holds at once, and an emptied one is the default', async () => {
  const { told, lender } = recordingLender()
  const lending = new Lending(fakeTab({ lender }))
  await lending.begin()
  for (const limit of [10, 0, null]) {
    lending.limitMegabytes = limit
    await lending.save()
  }
  expect(told).toEqual([2_000_000, 10_000_000, 50_000, 2_000_000])
})

it('waits for what was chosen before, when sharing goes on by itself meanwhile', async () => {
  const documents = testDocuments()
  const { told, lender } = recordingLender()
  await documents.put('settings', 'lending', { isOn: false, limitMegabytes: 7, hasShared: true })
  const lending = new Lending(fakeTab({ documents, lender }))
  await Promise.all([lending.restore(), lending.begin()])
  expect(told).toEqual([])
  expect(await documents.get('settings', 'lending')).toMatchObject({ isOn: false, limitMegabytes: 7 })
})
