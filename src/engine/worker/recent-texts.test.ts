import { expect, test } from 'vitest'
import { createRecentTexts } from './recent-texts.ts'

function openTexts(most: number) {
  const texts = createRecentTexts<string, string>(most)
  const opened: string[] = []
  const open = (id: string) =>
    texts.open(id, async () => {
      opened.push(id)
      return `text of ${id}`
    })
  return { texts, open, opened }
}

test('the least recently used text goes, and is opened again when it is wanted', async () => {
  const { texts, open, opened } = openTexts(2)
  await open('a')
  await open('b')
  expect(await texts.find('a')).toBe('text of a')
  await open('c')
  expect(texts.find('b')).toBeUndefined()
  expect(await texts.find('a')).toBe('text of a')
  expect(await open('b')).toBe('text of b')
  expect(opened).toEqual(['a', 'b', 'c', 'b'])
})

test('however many models are asked for, only the last few stay', async () => {
  const { texts, open } = openTexts(8)
  const ids = Array.from({ length: 1000 }, (_, index) => `${index}`)
  for (const id of ids) await open(id)
  expect(ids.filter((id) => texts.find(id))).toEqual(ids.slice(-8))
})

test('who asks at once for the same text waits for one', async () => {
  const { open, opened } = openTexts(2)
  expect(await Promise.all([open('a'), open('a')])).toEqual(['text of a', 'text of a'])
  expect(opened).toEqual(['a'])
})

test('a text that cannot be opened is tried again', async () => {
  const texts = createRecentTexts<string, string>(2)
  await expect(texts.open('a', () => Promise.reject(new Error('Malformed.')))).rejects.toThrow('Malformed.')
  expect(await texts.open('a', async () => 'text')).toBe('text')
})
