import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { readPrompts } from './read-prompts.ts'

let folder: string
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'opentab-prompts-'))
})
afterAll(() => rm(folder, { recursive: true }))

async function readText(text: string): Promise<string[]> {
  const file = join(folder, 'prompts.txt')
  await writeFile(file, text)
  return readPrompts(file)
}

test.each([
  ['a separator between them', 'one\n---\ntwo\n'],
  ['a separator after the last', 'one\n---\ntwo\n---\n'],
  ['a separator before the first, and one twice', '---\none\n---\n\n---\ntwo'],
  ['the line ends of Windows', 'one\r\n---\r\ntwo\r\n---\r\n'],
])('prompts with %s are two', async (_what, text) => {
  expect(await readText(text)).toEqual(['one', 'two'])
})

test('a prompt may have several lines, and three dashes within one', async () => {
  expect(await readText('one --- two\n\n--- three\n')).toEqual(['one --- two\n\n--- three'])
})

test('a file without a prompt, or that is not there, is refused by its name', async () => {
  const refused = (message: string) => ({
    code: 'tools/bad-option',
    message: expect.stringContaining(message),
  })
  await expect(readText('\n---\n \n---\n')).rejects.toMatchObject(refused('prompts.txt holds no prompt.'))
  const missing = join(folder, 'missing.txt')
  await expect(readPrompts(missing)).rejects.toMatchObject(refused('missing.txt cannot be read.'))
})
