import { expect, test, vi } from 'vitest'
import { AnswersFirst } from './answers-first.ts'

test.each(['the answer is over', 'the waiting is given up'])(
  'listens to nothing any more once %s',
  async (end) => {
    const answers = new AnswersFirst()
    const leave = answers.enter()
    const stop = new AbortController()
    const added = vi.spyOn(stop.signal, 'addEventListener')
    const removed = vi.spyOn(stop.signal, 'removeEventListener')
    const idle = answers.idle(stop.signal)
    if (end === 'the answer is over') leave()
    else stop.abort()
    await idle
    expect(added).toHaveBeenCalledOnce()
    expect(removed.mock.calls).toEqual([added.mock.calls[0]!.slice(0, 2)])
  },
)

test('waits on when another answer begins at once', async () => {
  const answers = new AnswersFirst()
  const leave = answers.enter()
  const idle = vi.fn()
  const waiting = answers.idle(new AbortController().signal).then(idle)
  leave()
  const leaveNext = answers.enter()
  await Promise.resolve()
  expect(idle).not.toHaveBeenCalled()
  leaveNext()
  await waiting
})
