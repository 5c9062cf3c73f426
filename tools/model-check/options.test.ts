import { expect, test } from 'vitest'
import { parseOptions } from './options.ts'

test('a model alone is checked in Node, in a browser where that is said or WebGPU takes it', () => {
  const bare = { kind: 'model', where: 'models/tiny', backend: 'wasm', inBrowser: false, goldens: null }
  expect(parseOptions(['models/tiny'])).toEqual(bare)
  expect(parseOptions(['models/tiny', '--browser'])).toMatchObject({ inBrowser: true, backend: 'wasm' })
  expect(parseOptions(['models/tiny', '--backend', 'webgpu'])).toMatchObject({ inBrowser: true })
  expect(parseOptions(['a', '--goldens', 'g.json', '--tolerance', '0.5'])).toMatchObject({
    kind: 'model',
    goldens: { file: 'g.json', toleranceNats: 0.5 },
  })
})

test('goldens alone are run on the model that the page comes with, or on another of its models', () => {
  expect(parseOptions(['--goldens', 'g.json'])).toEqual({
    kind: 'goldens',
    address: '/models/smollm2-135m-instruct',
    backend: 'wasm',
    goldens: { file: 'g.json', toleranceNats: 0.02 },
  })
  expect(parseOptions(['--goldens', 'g.json', '--model', '/models/other'])).toMatchObject({
    address: '/models/other',
  })
})

test('help is null', () => {
  expect(parseOptions(['--help', 'models/tiny'])).toBeNull()
})

test.each([
  ['nothing', []],
  ['two models', ['a', 'b']],
  ['another back end', ['a', '--backend', 'cuda']],
  ['a tolerance without goldens', ['a', '--tolerance', '1']],
  ['a tolerance that is no number', ['a', '--goldens', 'g.json', '--tolerance', 'wide']],
  ['an empty tolerance', ['a', '--goldens', 'g.json', '--tolerance', '']],
  ['a negative tolerance', ['a', '--goldens', 'g.json', '--tolerance=-1']],
  ['goldens without a name', ['a', '--goldens', '']],
  ['a model of the page besides another', ['a', '--model', '/models/b']],
  ['a model of the page without goldens', ['--model', '/models/b']],
  ['an unknown option', ['a', '--price', '1']],
])('refuses %s with the usage', (_what, args) => {
  expect(() => parseOptions(args)).toThrow(
    expect.objectContaining({ code: 'tools/bad-option', message: expect.stringContaining('Usage: npm run') }),
  )
})
