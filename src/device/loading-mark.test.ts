import { expect, test } from 'vitest'
import { createLoadingMark } from './loading-mark.ts'

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
    createLoadingMark(
      async () => place,
      () => storage,
    )
  const first = visit(0)
  expect(await first.take()).toBe(false)
  first.set(true)
  expect(await visit(1).take()).toBe(false)
  expect(await visit(0).take()).toBe(true)
  expect(await visit(0).take()).toBe(false)
  first.set(true)
  first.set(false)
  expect(await visit(0).take()).toBe(false)
})

test('where the browser keeps nothing there never is one', async () => {
  const mark = createLoadingMark(
    async () => 0,
    () => {
      throw new DOMException('denied', 'SecurityError')
    },
  )
  expect(await mark.take()).toBe(false)
  mark.set(true)
  expect(await mark.take()).toBe(false)
})
