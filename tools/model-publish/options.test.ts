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

test.each([
  ['no model', []],
  ['two models', ['a.gguf', 'b.gguf']],
  ['a royalty above 30 %', ['a.gguf', '--royalty', '30.01']],
  ['a negative royalty', ['a.gguf', '--royalty=-1']],
  ['a royalty that is no number', ['a.gguf', '--royalty', '']],
  ['a source that is no web address', ['a.gguf', '--source', 'file:///m']],
  ['an unknown option', ['a.gguf', '--price', '1']],
])('refuses %s', (_what, args) => {
  expect(() => parseOptions(args)).toThrow(expect.objectContaining({ code: 'tools/bad-option' }))
})
