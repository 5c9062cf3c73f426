import { expect, test, vi } from 'vitest'
import { waitForTurn } from './wait-for-turn.ts'

test('one has the turn at a time, in the order they asked, and who gave up never gets it', async () => {
  const order: string[] = []
  const leaveFirst = waitForTurn('test:turn', () => order.push('first'))
  const leaveSecond = waitForTurn('test:turn', () => order.push('second'))
  const leaveThird = waitForTurn('test:turn', () => order.push('third'))
  await vi.waitFor(() => expect(order).toEqual(['first']))
  leaveSecond()
  leaveFirst()
  await vi.waitFor(() => expect(order).toEqual(['first', 'third']))
  leaveThird()
})

test('turns of different names do not wait for each other', async () => {
  const order: string[] = []
  const leave = ['test:a', 'test:b'].map((name) => waitForTurn(name, () => order.push(name)))
  await vi.waitFor(() => expect(order).toEqual(['test:a', 'test:b']))
  leave.forEach((give) => give())
})
