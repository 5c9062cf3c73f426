import { describe, expect, it, vi } from 'vitest'
import { type GovernorDecision, defaultGovernorSettings, type GovernorSettings } from '../domain/governor.ts'
import { EngineError, MarketError } from '../errors/index.ts'
import { ManualDevice } from '../device/manual-device.ts'
import type { EngineProbe } from '../ports/engine.ts'
import type { Governor } from '../roles/provide/govern.ts'
import type { ProvideOptions } from '../roles/provide/provide.ts'
import type { ProviderStatus } from '../roles/provide/provider-status.ts'
import { fakeProvider, online } from '../../tests/fixtures/fake-provider.ts'
import { Sharing } from './sharing.svelte.ts'
import { entry, fakeTab, testDocuments } from '../../tests/fixtures/fake-tab.ts'

const probe: EngineProbe = {
  webgpu: { adapter: 'nvidia ampere', shaderF16: true, maxBufferBytes: 1e9, maxBindingBytes: 1e9 },
  crossOriginIsolated: true,
  threads: 4,
  memoryBytes: null,
  storageBytes: null,
  backends: ['webgpu', 'wasm'],
  reason: 'The GPU computes.',
}

describe('turning it on', () => {
  it('shows what the provider tells, and keeps the measured speed for the next visit', async () => {
    const documents = testDocuments()
    const { provider } = fakeProvider(async (tell) =>
      tell({ ...online, loaded: { tokensPerSecond: 24, backend: 'wasm' } as ProviderStatus['loaded'] }),
    )
    const sharing = new Sharing(fakeTab({ documents, provider: async () => provider }))
    await sharing.start(entry)
    expect(sharing.status.stage).toBe('online')
    await vi.waitFor(async () =>
      expect(await documents.get('settings', 'sharing')).toMatchObject({
        trials: [{ modelId: entry.id, tokensPerSecond: 24, backend: 'wasm' }],
      }),
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
    sharing.terms.holdsBond = true
    await sharing.start(entry)
    await sharing.stop()
    const later = new Sharing(tab)
    await later.restore(async () => entry)
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

/** A governor that remembers what it was told, and decides what a test says. */
function fakeGovernor() {
  const told: (GovernorSettings | 'released')[] = []
  let tell: (decision: GovernorDecision | null) => void = () => {}
  const governor: Governor = {
    follow: (settings) => void told.push(settings),
    release: () => void told.push('released'),
    watch(onDecision) {
      tell = onDecision
      return () => {}
    },
  }
  return { governor, told, decide: (decision: GovernorDecision | null) => tell(decision) }
}

describe('its owner’s rules', () => {
  it('hold from before sharing starts until it stops', async () => {
    const { governor, told, decide } = fakeGovernor()
    const { provider } = fakeProvider(async (tell) => {
      expect(told).toHaveLength(1)
      tell(online)
    })
    const sharing = new Sharing(fakeTab({ provider: async () => provider, governor: async () => governor }))
    sharing.rules.sharePercent = 40
    await sharing.start(entry)
    sharing.rules.onlyPluggedIn = true
    await sharing.save()
    decide({ run: false, why: { kind: 'on-battery' }, dutyCycle: 0.4 })
    expect(sharing.pause).toEqual({ kind: 'on-battery' })
    await sharing.stop()
    const share = { ...defaultGovernorSettings, share: 0.4 }
    expect(told).toEqual([share, { ...share, onlyPluggedIn: true }, 'released'])
  })

  it('are kept for the next visit', async () => {
    const documents = testDocuments()
    const sharing = new Sharing(fakeTab({ documents }))
    sharing.rules.addHours()
    sharing.rules.changeHours(0, { days: [5, 6] })
    sharing.rules.leastBatteryPercent = null
    await sharing.save()
    const later = new Sharing(fakeTab({ documents }))
    await later.restore(async () => entry)
    expect(later.rules.settings).toEqual({
      ...defaultGovernorSettings,
      leastBattery: 0,
      hours: [{ days: [5, 6], fromHour: 18, toHour: 24 }],
    })
    later.rules.removeHours(0)
    expect(later.rules.settings.hours).toEqual([])
  })
})

describe('after a reload', () => {
  const documents = testDocuments()
  const { provider } = fakeProvider(async (tell) => tell(online))
  const open = async (place = 0) => {
    const tab = fakeTab({ documents, provider: async () => provider, place: async () => place })
    const sharing = new Sharing(tab)
    await sharing.restore(async () => entry)
    return sharing
  }

  it('stays off where it was off', async () => {
    const sharing = await open()
    expect([sharing.isRestored, sharing.active, sharing.isResumed]).toEqual([true, false, false])
    await sharing.start(entry)
  })

  it('goes on by itself where it was on, and says so', async () => {
    const sharing = await open()
    expect([sharing.status.stage, sharing.isResumed]).toEqual(['online', true])
  })

  it('leaves other tabs of the browser alone', async () => {
    expect((await open(1)).active).toBe(false)
  })

  it('stays off after it was switched off', async () => {
    const sharing = await open()
    await sharing.stop()
    expect(sharing.isResumed).toBe(false)
    expect((await open()).active).toBe(false)
  })

  it('says why when the model cannot be found any more', async () => {
    await (await open()).start(entry)
    const sharing = new Sharing(fakeTab({ documents, provider: async () => provider }))
    await sharing.restore(async () => {
      throw new MarketError('market/no-model', 'The list of models did not load.')
    })
    expect([sharing.active, sharing.failure?.code]).toEqual([false, 'market/no-model'])
  })
})

describe('what it is worth', () => {
  it('estimates the watts from what is known of the machine, until they are given', async () => {
    const device = new ManualDevice({ isHandheld: false })
    const sharing = new Sharing(fakeTab({ device: async () => device, probe: async () => probe }))
    await sharing.look()
    expect(sharing.terms.energy.watts).toBe(180)
    device.set({ power: 'battery', batteryLevel: 0.8 })
    expect(sharing.terms.energy.watts).toBe(20)
    sharing.terms.watts = 7
    expect(sharing.terms.energy.watts).toBe(7)
  })

  it('asks what it is worth, covers the power where that is wanted, and leaves the slots to memory', async () => {
    const asked: ProvideOptions[] = []
    const { provider } = fakeProvider(async (_tell, _signal, options) => void asked.push(options!))
    const sharing = new Sharing(fakeTab({ provider: async () => provider }))
    await sharing.start(entry)
    expect(asked[0]).toMatchObject({ price: sharing.terms.priceOf(entry) })
    expect(asked[0]).not.toHaveProperty('slots')
    expect(asked[0]).not.toHaveProperty('covering')
    await sharing.stop()
    Object.assign(sharing.terms, { coversPower: true, slots: 3 })
    await sharing.start(entry)
    expect(asked[1]).toMatchObject({ slots: 3, covering: sharing.terms.energy })
  })

  // An offer with a part of a slot cannot be signed.
  it.each([
    [1.5, 1],
    [0.5, 1],
    [2.9, 2],
  ])('answers a whole number at a time: typed %d', async (typed, slots) => {
    const asked: ProvideOptions[] = []
    const { provider } = fakeProvider(async (_tell, _signal, options) => void asked.push(options!))
    const sharing = new Sharing(fakeTab({ provider: async () => provider }))
    sharing.terms.slots = typed
    await sharing.start(entry)
    expect(asked[0]).toMatchObject({ slots })
  })
})
