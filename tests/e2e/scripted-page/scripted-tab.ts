import { createAccounts } from '../../../src/chain/account/accounts.ts'
import { createCrashMark } from '../../../src/device/crash-mark.ts'
import { ManualDevice } from '../../../src/device/manual-device.ts'
import { systemClock } from '../../../src/device/system-clock.ts'
import { TransportError } from '../../../src/errors/index.ts'
import type { DeviceState } from '../../../src/domain/device.ts'
import type { CatalogueEntry } from '../../../src/domain/model.ts'
import type { Offer } from '../../../src/domain/offer.ts'
import { createGovernor } from '../../../src/roles/provide/govern.ts'
import type { Tab } from '../../../src/state/tab.ts'
import { Database } from '../../../src/storage/database.ts'
import { IndexedDbDocumentStore } from '../../../src/storage/indexeddb-document-store.ts'
import { askedChannelId } from './scripted-answer.ts'
import { createScriptedKeptModels, createScriptedLender } from './scripted-lending.ts'
import { catalogue, network, offers, publicNetwork } from './scripted-market.ts'
import { createScriptedMoney, othersMicroUsd } from './scripted-money.ts'
import { createScriptedProvider } from './scripted-provider.ts'
import { createScriptedPublisher } from './scripted-publisher.ts'
import { createScriptedRequester } from './scripted-requester.ts'

const scenes = ['lively', 'bonded', 'unplugged', 'full', 'cramped', 'empty', 'alone'] as const

/**
 * `lively`: a full market, and a wallet that earned for weeks. `bonded`: the same on a public chain, with part of the
 * earnings held as a bond. `unplugged`: a full market, and a computer that runs on battery.
 * `full`: a full market, and a browser without room for another model. `cramped`: a computer with memory for the
 * smallest model alone. `empty`: nobody offers
 * anything, the wallet is new, and the browser tells nothing of the machine. `alone`: neither relay nor chain answers.
 */
export type Scene = (typeof scenes)[number]

export function parseScene(name: string | null): Scene {
  return scenes.find((scene) => scene === name) ?? 'lively'
}

const unknown = { power: 'unknown', batteryLevel: 'unknown', pressure: 'unknown' } as const
const machines: Partial<Record<Scene, Partial<DeviceState>>> = {
  unplugged: { power: 'battery', batteryLevel: 0.64, computerUse: 'idle' },
  empty: unknown,
}

/** A tab whose network, chain and model are a script. */
export function createScriptedTab(scene: Scene): Tab {
  const isLively = scene === 'lively' || scene === 'bonded' || scene === 'unplugged' || scene === 'full'
  const here: Offer[] = isLively ? offers : []
  const unlessAlone = async <value>(value: value): Promise<value> => {
    if (scene === 'alone') throw new TransportError('transport/no-relay', 'No relay could be reached.')
    return value
  }
  const requester = createScriptedRequester(here)
  const published: CatalogueEntry[] = []
  const publisher = createScriptedPublisher((entry) => published.push(entry))
  const keptModels = createScriptedKeptModels(scene === 'full')
  const lender = createScriptedLender()
  const provider = createScriptedProvider(scene === 'cramped' ? 150e6 : Infinity)
  const device = new ManualDevice(machines[scene])
  // There is nothing to ask.
  if (scene === 'empty') device.askForComputerUse = async () => {}
  const governor = createGovernor({ device, clock: systemClock, provider })
  // Accounts are real: their keys are in this browser, and wallets announce themselves.
  const accounts = createAccounts(network, systemClock)
  return {
    documents: new IndexedDbDocumentStore(new Database()),
    crashMark: createCrashMark(async () => 0),
    place: async () => 0,
    network: async () => (scene === 'bonded' ? publicNetwork : network),
    ...createScriptedMoney(scene, async () => (await accounts.view()).wallet !== null),
    accounts: async () => accounts,
    // The other side has claimed all that was ever asked, a minute from now.
    async claimsOn(channelId) {
      const atSeconds = Math.floor(Date.now() / 1000) + 60
      const claim = { transaction: `0x${'cc'.repeat(32)}`, atSeconds, totalClaimed: 10n ** 9n } as const
      return channelId === askedChannelId ? [claim] : []
    },
    balanceOf: async () => othersMicroUsd,
    catalogue: async () => [...catalogue, ...published],
    listed: () => unlessAlone({ refresh: async () => published.length > 0 }),
    holders: () => unlessAlone({ find: async () => ({ peers: [], count: isLively ? 3 : 0 }) }),
    publisher: () => unlessAlone(publisher),
    keptModels: async () => keptModels,
    lender: () => unlessAlone(lender),
    probe: async () => ({
      webgpu: null,
      crossOriginIsolated: true,
      threads: 4,
      memoryBytes: 4 * 2 ** 30,
      storageBytes: 8e9,
      backends: ['wasm'],
      reason: 'No GPU adapter was found, so the model runs on the processor.',
    }),
    device: async () => device,
    link: () =>
      unlessAlone({
        peerId: '12D3KooWScripted1',
        status: () => ({ relays: ['relay'], reachable: true }),
        watchStatus: () => () => {},
      }),
    offers: () =>
      unlessAlone({
        watch(onView) {
          onView({ offers: here.map((offer) => ({ offer, signature: '0x' })), peers: here.length + 6 })
          return () => {}
        },
      }),
    requester: () => unlessAlone(requester),
    provider: () => unlessAlone(provider),
    governor: async () => governor,
    async check() {
      return {
        verdict: 'unverified',
        findings: [
          { check: 'receipt', ok: true, text: 'The provider signed exactly this answer.' },
          { check: 'prompt', ok: true, text: 'Your conversation was read whole.' },
          { check: 'text', ok: false, text: 'The text shown is not what the tokens say.' },
          { check: 'tokens', ok: null, text: 'To compute the answer again, this tab needs the model.' },
        ],
      }
    },
  }
}
