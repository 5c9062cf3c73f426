import { describe, expect, it, vi } from 'vitest'
import { EngineError } from '../errors/index.ts'
import type { ProvideOptions, Provider } from '../roles/provide.ts'
import type { ProviderStatus } from '../roles/provider-status.ts'
import { Sharing } from './sharing.svelte.ts'
import { entry, fakeTab, testDocuments } from './fake-tab.ts'

const online: ProviderStatus = {
  stage: 'online',
  fraction: 1,
  bytes: 0,
  totalBytes: 0,
  loaded: null,
  jobs: [],
  hubs: [],
  answersServed: 0,
  earnedMicroUsd: 0n,
  error: null,
}

/** A provider that does what `start` says, and tells its watchers. */
function fakeProvider(
  start: (
    tell: (status: ProviderStatus) => void,
    signal?: AbortSignal,
    options?: ProvideOptions,
  ) => Promise<void>,
) {
  const watchers = new Set<(status: ProviderStatus) => void>()
  const tell = (status: ProviderStatus) => watchers.forEach((watcher) => watcher(status))
  const provider: Provider = {
    status: () => online,
    watch(onStatus) {
      watchers.add(onStatus)
      return () => watchers.delete(onStatus)
    },
    start: (options, signal) => start(tell, signal, options),
    limit: () => {},
    stop: async () => tell({ ...online, stage: 'off' }),
  }
  return { provider, watchers }
}

describe('turning it on', () => {
  it('shows what the provider tells, and keeps the measured speed for the next visit', async () => {
    const documents = testDocuments()
    const { provider } = fakeProvider(async (tell) =>
      tell({ ...online, loaded: { tokensPerSecond: 24 } as ProviderStatus['loaded'] }),
    )
    const sharing = new Sharing(fakeTab({ documents, provider: async () => provider }))
    await sharing.start(entry)
    expect(sharing.status.stage).toBe('online')
    await vi.waitFor(async () =>
      expect(await documents.get('settings', 'sharing')).toMatchObject({ tokensPerSecond: 24 }),
    )
    await sharing.stop()
    expect(sharing.active).toBe(false)
  })

  it('holds no bond unless that was chosen, and remembers the choice', async () => {
    const documents = testDocuments()
    const chosen: unknown[] = []
    const { provider } = fakeProvider(async (tell, _signal, options) => {
      chosen.push(options?.bond)
      tell({ ...online, stage: 'off' })
    })
    const tab = fakeTab({ documents, provider: async () => provider })
    const sharing = new Sharing(tab)
    await sharing.start(entry)
    sharing.holdsBond = true
    await sharing.start(entry)
    const later = new Sharing(tab)
    await later.restore()
    await later.start(entry)
    expect(chosen).toEqual([false, true, true])
  })

  it('listens to the provider once, however often it is turned on', async () => {
    const { provider, watchers } = fakeProvider(async (tell) => tell({ ...online, stage: 'off' }))
    const sharing = new Sharing(fakeTab({ provider: async () => provider }))
    await sharing.start(entry)
    await sharing.start(entry)
    expect(watchers.size).toBe(1)
  })

  it('says why it failed', async () => {
    const { provider } = fakeProvider(async () => {
      throw new EngineError('engine/no-backend', 'This browser cannot run a model.')
    })
    const sharing = new Sharing(fakeTab({ provider: async () => provider }))
    await sharing.start(entry)
    expect(sharing.failure?.code).toBe('engine/no-backend')
    expect(sharing.active).toBe(false)
  })

  it('can be cancelled, also while its code still loads', async () => {
    const sharing = new Sharing(fakeTab({ provider: () => new Promise(() => {}) }))
    const starting = sharing.start(entry)
    await vi.waitFor(() => expect(sharing.active).toBe(true))
    void sharing.stop()
    await starting
    expect(sharing.active).toBe(false)
    expect(sharing.failure).toBeNull()
  })
})

describe('what it is worth', () => {
  it('prices a prompt token at a fifth of an answer token', () => {
    const sharing = new Sharing(fakeTab({}))
    sharing.priceUsd = 0.25
    expect(sharing.price).toEqual({
      promptMicroUsdPerMillion: 50_000n,
      completionMicroUsdPerMillion: 250_000n,
    })
  })

  it('tells what an hour leaves once the speed is known', () => {
    const sharing = new Sharing(fakeTab({}))
    expect(sharing.usdPerHour).toBeNull()
    Object.assign(sharing, { tokensPerSecond: 100, priceUsd: 0.2, watts: 20, usdPerKwh: 0.3 })
    expect(sharing.usdPerHour).toBeCloseTo(0.072 - 0.006)
  })
})
