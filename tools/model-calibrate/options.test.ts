import { join } from 'node:path'
import { expect, test } from 'vitest'
import { parseOptions } from './options.ts'

test('a model alone is calibrated on the engine’s own prompts, and its scales go beside it', () => {
  expect(parseOptions(['models/tiny.gguf'])).toEqual({
    model: 'models/tiny.gguf',
    text: undefined,
    tokens: 48,
    strength: 0.5,
    out: join('models', 'smoothing.safetensors'),
  })
})

test('each option takes the place of what is usual', () => {
  const said = ['--text', 'prompts.txt', '--tokens', '1', '--strength', '0', '--out', 'scales']
  expect(parseOptions(['tiny.gguf', ...said])).toEqual({
    model: 'tiny.gguf',
    text: 'prompts.txt',
    tokens: 1,
    strength: 0,
    out: 'scales',
  })
})

test.each([
  ['nothing', []],
  ['two models', ['a.gguf', 'b.gguf']],
  ['no answer', ['a.gguf', '--tokens', '0']],
  ['half a token', ['a.gguf', '--tokens', '1.5']],
  ['an empty number of tokens', ['a.gguf', '--tokens', '']],
  ['a strength below 0', ['a.gguf', '--strength=-0.1']],
  ['a strength above 1', ['a.gguf', '--strength', '1.1']],
  ['a strength that is no number', ['a.gguf', '--strength', 'strong']],
  ['an empty strength', ['a.gguf', '--strength', '']],
  ['a text without a name', ['a.gguf', '--text', '']],
  ['an empty place for the scales', ['a.gguf', '--out', '']],
  ['an unknown option', ['a.gguf', '--price', '1']],
])('refuses %s with the usage', (_what, args) => {
  expect(() => parseOptions(args)).toThrow(
    expect.objectContaining({ code: 'tools/bad-option', message: expect.stringContaining('Usage: npm run') }),
  )
})
