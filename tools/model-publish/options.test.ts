import { expect, test } from 'vitest'
import { parseOptions } from './options.ts'

test('a model file alone is published without a royalty on the local chain', () => {
  expect(parseOptions(['model.gguf'])?.registration).toEqual({
    royaltyBps: 0,
    sources: [],
    networkFile: '.opentab/network.json',
    keyFile: undefined,
    agreed: false,
  })
})

test('percent become hundredths of a percent, and folders end in a slash', () => {
  const args = ['model.gguf', '--royalty', '2.5', '--source', 'https://example.org/m']
  expect(parseOptions(args)).toMatchObject({
    words: { sources: ['https://example.org/m/'] },
    registration: { royaltyBps: 250, sources: ['https://example.org/m/'] },
  })
  expect(parseOptions(['model.gguf', '--no-register'])?.registration).toBeNull()
  expect(parseOptions(['--help'])).toBeNull()
})

test('mirrors end in a slash, and each is named once', () => {
  const mirror = 'https://example.org/someone/m/resolve/main'
  const args = [
    'model.gguf',
    '--mirror',
    mirror,
    '--mirror',
    `${mirror}/`,
    '--mirror',
    'http://127.0.0.1:8080',
  ]
  expect(parseOptions(args)?.words.mirrors).toEqual([`${mirror}/`, 'http://127.0.0.1:8080/'])
  expect(parseOptions(['model.gguf'])?.words.mirrors).toBeUndefined()
})

test.each([
  ['no model', []],
  ['two models', ['a.gguf', 'b.gguf']],
  ['a royalty above 30 %', ['a.gguf', '--royalty', '30.01']],
  ['a negative royalty', ['a.gguf', '--royalty=-1']],
  ['a royalty that is no number', ['a.gguf', '--royalty', '']],
  ['a source that is no web address', ['a.gguf', '--source', 'file:///m']],
  ['a mirror that is no web address', ['a.gguf', '--mirror', 'ftp://example.org/m/']],
  ['a mirror with a query', ['a.gguf', '--mirror', 'https://example.org/m?download=true']],
  ['a mirror with a password', ['a.gguf', '--mirror', 'https://me:secret@example.org/m/']],
  ['a page about files as a mirror', ['a.gguf', '--mirror', 'https://example.org/me/m/tree/main']],
  ['a mirror that is too long', ['a.gguf', '--mirror', `https://example.org/${'m'.repeat(500)}/`]],
  ['nine mirrors', ['a.gguf', ...[...'123456789'].flatMap((n) => ['--mirror', `https://example.org/${n}/`])]],
  ['an unknown option', ['a.gguf', '--price', '1']],
])('refuses %s', (_what, args) => {
  expect(() => parseOptions(args)).toThrow(expect.objectContaining({ code: 'tools/bad-option' }))
})
