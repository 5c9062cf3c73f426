import { expect, test } from 'vitest'
import { createCrashMark } from './crash-mark.ts'

function fakeStorage() {
  const items = new Map<string, string>()
  return {
    getItem: (key: string) => items.get(key) ?? null,
    setItem: (key: string, value: string) => void items.set(key, value),
    removeItem: (key: string) => void items.delete(key),
  }
}

test('is found once by the next visit of the same tab, and by no other', async () => {
  const storage = fakeStorage()
  const visit = (place: number) =>
    createCrashMark(
      async () => place,
      () => storage,
    )
  const first = visit(0)
  expect(await first.take()).toBeNull()
  first.set('loading')
  expect(await visit(1).take()).toBeNull()
  expect(await visit(0).take()).toBe('loading')
  expect(await visit(0).take()).toBeNull()
  first.set('loading')
  first.set(null)
  expect(await visit(0).take()).toBeNull()
})

test('where the browser keeps nothing there never is one', async () => {
  const mark = createCrashMark(
    async () => 0,
    () => {
      throw new DOMException('denied', 'SecurityError')
    },
  )
  expect(await mark.take()).toBeNull()
  mark.set('loading')
  expect(await mark.take()).toBeNull()
})
