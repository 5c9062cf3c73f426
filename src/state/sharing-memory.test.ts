import { describe, expect, it, vi } from 'vitest'
import { fakeProvider, online } from '../../tests/fixtures/fake-provider.ts'
import { entry, fakeMark, fakeTab, testDocuments } from '../../tests/fixtures/fake-tab.ts'
import { EngineError } from '../errors/index.ts'
import { Sharing } from './sharing.svelte.ts'

it('knows that memory was too small, at the start or later, and shares a smaller model instead', async () => {
  const outOfMemory = new EngineError('engine/out-of-memory', 'The memory here is too small for this.')
  const smaller = { ...entry, id: `0x${'b2'.repeat(32)}` as const }
  let lose = () => {}
  const { provider } = fakeProvider(async (tell, _signal, options) => {
    if (options?.entry === entry) throw outOfMemory
    lose = () => tell({ ...online, stage: 'failed', error: outOfMemory.toPeer() })
    tell(online)
  })
  const sharing = new Sharing(fakeTab({ provider: async () => provider }))
  await sharing.start(entry)
  expect([sharing.outOfMemory, sharing.entry]).toEqual([true, entry])
  await sharing.switchTo(smaller)
  expect([sharing.outOfMemory, sharing.terms.modelId]).toEqual([false, smaller.id])
  lose()
  expect([sharing.outOfMemory, sharing.entry]).toEqual([true, smaller])
})

describe('a tab that ended', () => {
  it('while it loaded a model does not load it again by itself, and says why', async () => {
    const documents = testDocuments()
    const { provider } = fakeProvider(async (tell, signal) => {
      tell({ ...online, stage: 'prepare' })
      await new Promise((resolve) => signal?.addEventListener('abort', resolve))
    })
    const crashMark = fakeMark()
    const set = vi.spyOn(crashMark, 'set')
    void new Sharing(fakeTab({ documents, crashMark, provider: async () => provider })).start(entry)
    await vi.waitFor(() => expect(set).toHaveBeenLastCalledWith('loading'))

    const starts = vi.fn(async () => {})
    const tab = fakeTab({ documents, crashMark, provider: async () => fakeProvider(starts).provider })
    const later = new Sharing(tab)
    await later.restore(async () => entry)
    expect(starts).not.toHaveBeenCalled()
    expect([later.outOfMemory, later.entry, later.isResumed]).toEqual([true, entry, false])
    const last = new Sharing(tab)
    await last.restore(async () => entry)
    expect([last.outOfMemory, last.isResumed]).toEqual([false, false])
  })

  it('once the model was loaded goes on by itself', async () => {
    const documents = testDocuments()
    const { provider } = fakeProvider(async (tell) => {
      for (const stage of ['prepare', 'compile', 'self-test', 'connect', 'online'] as const) {
        tell({ ...online, stage })
      }
    })
    const tab = fakeTab({ documents, provider: async () => provider })
    await new Sharing(tab).start(entry)
    const later = new Sharing(tab)
    await later.restore(async () => entry)
    expect([later.isResumed, later.failure]).toEqual([true, null])
  })

  it('while it answered goes on by itself once, and leaves off the second time in a row', async () => {
    const documents = testDocuments()
    const crashMark = fakeMark()
    const starts = vi.fn(async (tell: (status: typeof online) => void) => {
      tell({ ...online, jobs: [job] })
    })
    const visit = () =>
      new Sharing(fakeTab({ documents, crashMark, provider: async () => fakeProvider(starts).provider }))
    await visit().start(entry)
    const second = visit()
    await second.restore(async () => entry)
    expect([second.isResumed, starts.mock.calls.length]).toEqual([true, 2])
    const third = visit()
    await third.restore(async () => entry)
    expect([third.isResumed, third.outOfMemory, starts.mock.calls.length]).toEqual([false, true, 2])
    expect(third.failure?.shortMessage).toContain('ended twice while it answered')
  })
})

const job = {
  jobId: `0x${'10'.repeat(32)}` as const,
  startedAtMs: 0,
  tokens: { promptTokens: 1, completionTokens: 1 },
  chargeMicroUsd: 1n,
}
