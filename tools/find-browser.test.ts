import { chmod, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { findBrowser } from './find-browser.ts'

let folder: string
let program: string

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'opentab-browser-'))
  program = join(folder, 'google-chrome-stable')
  await writeFile(program, '')
  await chmod(program, 0o755)
})

afterEach(() => rm(folder, { recursive: true }))

test('the browser that the environment names comes first', () => {
  expect(findBrowser({ ...process.env, OPENTAB_BROWSER: program })).toBe(program)
})

test('a named browser that does not exist is not replaced by another', () => {
  expect(findBrowser({ ...process.env, OPENTAB_BROWSER: join(folder, 'none') })).toBeNull()
})

test('a browser on the path is found', () => {
  expect(findBrowser({ PATH: folder })).toBe(program)
})
