import { expect, test } from 'vitest'
import { parseOptions } from './options.ts'

test('a model alone is checked in Node, in a browser where that is said or WebGPU takes it', () => {
  const bare = { kind: 'model', where: 'models/tiny', recipe: 'wasm-int8-6', inBrowser: false, goldens: null }
  expect(parseOptions(['models/tiny'])).toEqual(bare)
  expect(parseOptions(['models/tiny', '--browser'])).toMatchObject({ inBrowser: true, recipe: 'wasm-int8-6' })
  expect(parseOptions(['models/tiny', '--backend', 'webgpu'])).toMatchObject({
    inBrowser: true,
    recipe: 'webgpu-q8-3',
  })
  expect(parseOptions(['a', '--goldens', 'g.json', '--tolerance', '0.5'])).toMatchObject({
    kind: 'model',
    goldens: { file: 'g.json', toleranceNats: 0.5 },
  })
})

test('goldens alone are run on the model that the page comes with, or on another of its models', () => {
  expect(parseOptions(['--goldens', 'g.json'])).toEqual({
    kind: 'goldens',
    address: '/models/smollm2-135m-instruct',
    recipe: 'wasm-int8-6',
    goldens: { file: 'g.json', toleranceNats: 0.02 },
  })
  expect(parseOptions(['--goldens', 'g.json', '--model', '/models/other'])).toMatchObject({
    address: '/models/other',
  })
})

test('float products are held to less, on the processor, in Node as in a browser', () => {
  const [recipe, strict] = ['wasm-float-4', { toleranceNats: 0.003 }]
  const ofPage = ['--goldens', 'g.json', '--float']
  expect(parseOptions(['a', '--float'])).toMatchObject({ recipe, inBrowser: false, goldens: null })
  expect(parseOptions(['a', '--float', '--browser'])).toMatchObject({ recipe, inBrowser: true })
  expect(parseOptions(['a', ...ofPage])).toMatchObject({ kind: 'model', recipe, goldens: strict })
  expect(parseOptions(ofPage)).toMatchObject({ kind: 'goldens', recipe, goldens: strict })
  expect(parseOptions([...ofPage, '--backend', 'wasm', '--tolerance', '0.5'])).toMatchObject({
    recipe,
    goldens: { toleranceNats: 0.5 },
  })
  // What they stand in for is held to no more.
  expect(parseOptions(['--goldens', 'g.json', '--backend', 'webgpu'])).toMatchObject({ goldens: strict })
})

test('help is null', () => {
  expect(parseOptions(['--help', 'models/tiny'])).toBeNull()
})

test.each([
  ['nothing', []],
  ['two models', ['a', 'b']],
  ['another back end', ['a', '--backend', 'cuda']],
  ['float products of WebGPU', ['a', '--float', '--backend', 'webgpu']],
  ['float products of WebGPU on goldens', ['--goldens', 'g.json', '--backend', 'webgpu', '--float']],
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
