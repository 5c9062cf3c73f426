import { expect, it } from 'vitest'
import { abortable } from './abortable.ts'

it('gives what the promise gives', async () => {
  expect(await abortable(Promise.resolve(7), new AbortController().signal)).toBe(7)
})

it('rejects at once when the signal is aborted while waiting, and before', async () => {
  const abort = new AbortController()
  const waiting = abortable(new Promise(() => {}), abort.signal)
  abort.abort(new Error('enough'))
  await expect(waiting).rejects.toThrow('enough')
  await expect(abortable(Promise.resolve(7), abort.signal)).rejects.toThrow('enough')
})
