import { ChainError, TransportError } from '../../../src/errors/index.ts'
import type { Offer } from '../../../src/domain/offer.ts'
import type { Tab } from '../../../src/state/tab.ts'
import { Database } from '../../../src/storage/database.ts'
import { IndexedDbDocumentStore } from '../../../src/storage/indexeddb-document-store.ts'
import { catalogue, network, offers, ownAddress } from './scripted-market.ts'
import { createScriptedProvider } from './scripted-provider.ts'
import { createScriptedRequester } from './scripted-requester.ts'
import { createScriptedWithdrawals } from './scripted-withdrawals.ts'

const scenes = ['lively', 'empty', 'alone'] as const

/** `lively`: a full market. `empty`: nobody offers anything. `alone`: neither relay nor chain answers. */
export type Scene = (typeof scenes)[number]

export function parseScene(name: string | null): Scene {
  return scenes.find((scene) => scene === name) ?? 'lively'
}

/** A tab whose network, chain and model are a script. */
export function createScriptedTab(scene: Scene): Tab {
  const here: Offer[] = scene === 'lively' ? offers : []
  let balanceMicroUsd = 4_999_982n
  let claimableMicroUsd = 1_234n
  const unlessAlone = async <value>(value: value, error: Error): Promise<value> => {
    if (scene === 'alone') throw error
    return value
  }
  const noRelay = new TransportError('transport/no-relay', 'No relay could be reached.')
  const noChain = new ChainError('chain/unreachable', 'The chain at 127.0.0.1:8545 does not answer.')
  const provider = createScriptedProvider()
  const receive = (amount: bigint) => void (balanceMicroUsd += amount)
  const withdrawals = createScriptedWithdrawals(here, receive)
  return {
    documents: new IndexedDbDocumentStore(new Database()),
    place: async () => 0,
    network: async () => network,
    account: async () => ownAddress,
    catalogue: async () => catalogue,
    probe: async () => ({
      webgpu: null,
      crossOriginIsolated: true,
      threads: 4,
      storageBytes: 8e9,
      backends: ['wasm'],
      reason: 'No GPU adapter was found, so the model runs on the processor.',
    }),
    link: () =>
      unlessAlone(
        {
          peerId: '12D3KooWScripted1',
          status: () => ({ relays: ['relay'], reachable: true }),
          watchStatus: () => () => {},
        },
        noRelay,
      ),
    directory: () =>
      unlessAlone(
        {
          publish: async () => {},
          withdraw: async () => {},
          list: async () => ({ offers: [], peers: 0 }),
          watch(onView) {
            onView({ offers: here.map((offer) => ({ offer, signature: '0x' })), peers: here.length + 6 })
            return () => {}
          },
          watchDepartures: () => () => {},
        },
        noRelay,
      ),
    requester: () => unlessAlone(createScriptedRequester(here), noRelay),
    provider: () => unlessAlone(provider, noRelay),
    settlement: () =>
      unlessAlone(
        {
          overview: async () => ({
            balanceMicroUsd,
            gasWei: 10n ** 18n,
            earnedMicroUsd: 5_678n,
            claimableMicroUsd,
            spentMicroUsd: 18n,
          }),
          async claim() {
            const settledMicroUsd = claimableMicroUsd
            balanceMicroUsd += settledMicroUsd
            claimableMicroUsd = 0n
            return { transaction: `0x${'ab'.repeat(32)}`, settledMicroUsd, skipped: [] }
          },
          guard: async () => {},
        },
        noChain,
      ),
    withdrawals: () => unlessAlone(withdrawals, noChain),
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
    async addTestFunds(amount) {
      if (scene === 'alone') throw noChain
      balanceMicroUsd += amount
    },
  }
}
