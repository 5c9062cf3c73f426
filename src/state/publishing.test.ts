import { beforeEach, describe, expect, it, vi } from 'vitest'
import { entry, fakeTab } from '../../tests/fixtures/fake-tab.ts'
import { ChainError, EngineError } from '../errors/index.ts'
import type { MeasuredModel } from '../ports/engine.ts'
import type { PublishDraft, Publisher } from '../roles/models/publish.ts'
import { Publishing } from './publishing.svelte.ts'

const file = new File(['GGUF'], 'tiny-q4_0.gguf')
const measured: MeasuredModel = {
  name: 'Tiny',
  license: 'apache-2.0',
  family: 'llama',
  contextTokens: 128,
  knownAnswer: entry.manifest.knownAnswer,
  smoothing: new Uint8Array(),
}

let drafts: PublishDraft[]
let onPublished: ReturnType<typeof vi.fn<() => Promise<void>>>
beforeEach(() => {
  drafts = []
  onPublished = vi.fn<() => Promise<void>>(async () => {})
})

function open(parts: Partial<Publisher> = {}): Publishing {
  const publisher: Publisher = {
    measure: async () => measured,
    cost: async () => ({ costWei: 1n, gasWei: 2n, isGiven: false }),
    async publish(_model, draft) {
      drafts.push(draft)
      return entry
    },
    ...parts,
  }
  return new Publishing(fakeTab({ publisher: async () => publisher }), { onPublished })
}

describe('a file', () => {
  it('is measured, drafted from what it says of itself, and published as the person wrote', async () => {
    const publishing = open()
    await publishing.take(file)
    expect([publishing.step, publishing.name, publishing.license]).toEqual(['drafting', 'Tiny', 'Apache-2.0'])
    expect(publishing.cost).toEqual({ costWei: 1n, gasWei: 2n, isGiven: false })
    Object.assign(publishing, { name: ' Mine ', royaltyPercent: 2.5, sources: ' https://a.example/m \n\n' })
    await publishing.publish()
    expect(drafts).toEqual([
      {
        name: 'Mine',
        license: 'Apache-2.0',
        contextTokens: 128,
        royaltyBps: 250,
        sources: ['https://a.example/m'],
      },
    ])
    expect([publishing.step, publishing.published]).toEqual(['published', entry])
    expect(onPublished).toHaveBeenCalledOnce()
  })

  it('that says nothing of itself is called by its name, and its licence is asked for', async () => {
    const publishing = open({ measure: async () => ({ ...measured, name: null, license: null }) })
    await publishing.take(file)
    expect([publishing.name, publishing.license, publishing.fault]).toEqual(['tiny-q4_0', '', 'no-license'])
    await publishing.publish()
    expect(drafts).toEqual([])
  })

  it('that the engine cannot run is refused with what it says', async () => {
    const refusal = new EngineError('engine/unsupported-model', 'It cannot run the family bert.')
    const publishing = open({ measure: () => Promise.reject(refusal) })
    await publishing.take(file)
    expect([publishing.step, publishing.failure?.code]).toEqual(['empty', 'engine/unsupported-model'])
  })

  it('can be given up while it is measured, without a failure', async () => {
    const publishing = open({ measure: () => new Promise(() => {}) })
    const taken = publishing.take(file)
    expect([publishing.step, publishing.busy]).toEqual(['measuring', true])
    publishing.cancel()
    await taken
    expect([publishing.step, publishing.failure]).toEqual(['empty', null])
  })
})

it.each([
  [{ name: '  ' }, 'no-name'],
  [{ license: '<b>' }, 'no-license'],
  [{ royaltyPercent: 31 }, 'royalty'],
  [{ royaltyPercent: null }, 'royalty'],
  [{ sources: 'ftp://a.example' }, 'source'],
  [{ sources: Array(9).fill('https://a.example/').join('\n') }, 'source'],
])('a draft with %j is not sent', async (change, fault) => {
  const publishing = open()
  await publishing.take(file)
  Object.assign(publishing, change)
  expect(publishing.fault).toBe(fault)
  await publishing.publish()
  expect([publishing.step, drafts]).toEqual(['drafting', []])
})

it('what failed is kept as it was written, and goes on when it is published again', async () => {
  const lost = new ChainError('chain/unreachable', 'The chain does not answer.')
  const publish = vi.fn<Publisher['publish']>().mockRejectedValueOnce(lost).mockResolvedValueOnce(entry)
  const publishing = open({ publish })
  await publishing.take(file)
  publishing.name = 'Mine'
  await publishing.publish()
  expect([publishing.step, publishing.failure?.code, publishing.name]).toEqual([
    'drafting',
    'chain/unreachable',
    'Mine',
  ])
  await publishing.publish()
  expect([publishing.step, publishing.failure]).toEqual(['published', null])
})

it('says that the cost is not known where the chain lists no models', async () => {
  const none = new ChainError('chain/no-registry', 'This chain has no registry of models.')
  const publishing = open({ cost: () => Promise.reject(none) })
  await publishing.take(file)
  expect([publishing.step, publishing.cost, publishing.failure?.code]).toEqual([
    'drafting',
    null,
    'chain/no-registry',
  ])
})
