import { expect, test } from 'vitest'
import type { AskEvent } from '../ask/ask-event.ts'
import { offStatus, type ProviderStatus } from '../provide/provider-status.ts'
import { testOffer } from '../../../tests/fixtures/offer.ts'
import { AnswersFirst } from './answers-first.ts'
import { countAsks, countJobs } from './count-answers.ts'

const job = { jobId: '0x01', startedAtMs: 0, tokens: { promptTokens: 1, completionTokens: 1 } } as const

test('jobs count from the first to the last of them', () => {
  const answers = new AnswersFirst()
  const listeners: ((status: ProviderStatus) => void)[] = []
  countJobs({ watch: (listener) => (listeners.push(listener), () => {}) }, answers)
  const busy = [0, 1, 2, 1, 0].map((count) => {
    const jobs = Array.from({ length: count }, () => ({ ...job, chargeMicroUsd: 0n }))
    listeners.forEach((tell) => tell({ ...offStatus, jobs }))
    return answers.busy
  })
  expect(busy).toEqual([false, true, true, true, false])
})

test('an answer counts from when a tab took the job until it is over, also when it fails', async () => {
  const answers = new AnswersFirst()
  async function* ask(): AsyncGenerator<AskEvent, never, void> {
    yield { type: 'choosing' }
    yield { type: 'accepted', offer: testOffer('peer'), promptTokens: 1 }
    throw new Error('nobody answers')
  }
  const quotes = { quote: async () => null, quoteEmbedding: async () => null }
  const requester = countAsks({ ...quotes, ask, embed: ask }, answers)
  const { signal } = new AbortController()
  for (const asked of [requester.ask({} as never, signal), requester.embed({} as never, signal)]) {
    expect(answers.busy).toBe(false)
    expect((await asked.next()).value).toEqual({ type: 'choosing' })
    expect(answers.busy).toBe(false)
    await asked.next()
    expect(answers.busy).toBe(true)
    await expect(asked.next()).rejects.toThrow('nobody answers')
    expect(answers.busy).toBe(false)
  }
})

test('whoever waits goes on when the last answer is over, or when told to give up', async () => {
  const answers = new AnswersFirst()
  const [first, second] = [answers.enter(), answers.enter()]
  const order: string[] = []
  const waiting = answers.idle(new AbortController().signal).then(() => order.push('idle'))
  const giveUp = new AbortController()
  const given = answers.idle(giveUp.signal).then(() => order.push('given up'))
  first()
  first()
  giveUp.abort()
  await given
  second()
  await waiting
  expect(order).toEqual(['given up', 'idle'])
})
