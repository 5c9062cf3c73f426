import { expect, test } from 'vitest'
import type { FrameStream } from '../src/ports/transport.ts'
import { RunningAnswers } from './running-answers.ts'

const stream = {} as FrameStream

test('who waits for answers waits for those that are running, however they end', async () => {
  const answers = new RunningAnswers()
  const [good, bad] = [Promise.withResolvers<void>(), Promise.withResolvers<void>()]
  void answers.follow(() => good.promise)(stream)
  const failing = answers.follow(() => bad.promise)(stream)
  let isEnded = false
  const ended = answers.ended(60_000).then(() => (isEnded = true))
  good.resolve()
  await good.promise
  expect(isEnded).toBe(false)
  bad.reject(new Error('The line broke.'))
  await expect(failing).rejects.toThrow('The line broke.')
  await ended
  expect(isEnded).toBe(true)
})

test('nobody waits for ever', async () => {
  const answers = new RunningAnswers()
  void answers.follow(() => new Promise(() => {}))(stream)
  await answers.ended(1)
  await new RunningAnswers().ended(60_000)
})
