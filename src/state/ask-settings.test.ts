import { expect, it } from 'vitest'
import { fakeTab, testDocuments } from '../../tests/fixtures/fake-tab.ts'
import { AskSettings } from './ask-settings.svelte.ts'

it.each([
  [0.7, 0.7],
  [-1, 0],
  [9, 4],
  [1 / 3, 0.333333],
])('asks with temperature %s as %s', (typed, asked) => {
  const settings = new AskSettings(fakeTab({}))
  settings.temperature = typed
  expect(settings.sampler.temperature).toBe(asked)
})

it('asks for at least one token, for whole ones, and for a sane number when the field is empty', () => {
  const settings = new AskSettings(fakeTab({}))
  settings.maxTokens = 0
  expect(settings.tokenLimit).toBe(1)
  settings.maxTokens = 7.9
  expect(settings.tokenLimit).toBe(7)
  settings.maxTokens = null
  expect(settings.tokenLimit).toBe(512)
})

it.each([
  [255, '0x000000000000000000000000000000ff'],
  [1e300, /^0x[0-9a-f]{32}$/],
  [-1, '0xffffffffffffffffffffffffffffffff'],
])('writes seed %s as 128 bits', (seed, bits) => {
  const settings = new AskSettings(fakeTab({}))
  settings.seed = seed
  expect(settings.seedBits).toMatch(bits)
})

it('remembers between visits', async () => {
  const tab = fakeTab({ documents: testDocuments() })
  const settings = new AskSettings(tab)
  Object.assign(settings, { modelId: '0xa1', temperature: 0, maxTokens: 64, seed: 5 })
  await settings.save()
  const reopened = new AskSettings(tab)
  await reopened.restore()
  expect(reopened).toMatchObject({ modelId: '0xa1', temperature: 0, maxTokens: 64, seed: 5 })
})
