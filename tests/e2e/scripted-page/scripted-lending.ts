import type { CatalogueEntry } from '../../../src/domain/model.ts'
import type { KeptModel, KeptModels } from '../../../src/ports/kept-models.ts'
import type { Lender, LendingStatus } from '../../../src/roles/pieces/lend.ts'
import { catalogue } from './scripted-market.ts'

const bytesOf = ({ manifest }: CatalogueEntry) => manifest.files.reduce((sum, { bytes }) => sum + bytes, 0)
const freeBytes = { roomy: 12e9, full: 20e6 }

/** What is kept of models: nothing and plenty of room, or another model where there is no room for a second. */
export function createScriptedKeptModels(isFull: boolean): KeptModels {
  const other: KeptModel = {
    id: catalogue[1]?.id ?? '0x',
    name: catalogue[1]?.manifest.name ?? null,
    bytes: 1.2e9,
    lastUsedAtMs: Date.UTC(2026, 5, 1, 12),
  }
  let kept = isFull ? [other] : []
  return {
    room: async (entry) => ({
      missingBytes: bytesOf(entry),
      freeBytes: kept.length > 0 ? freeBytes.full : freeBytes.roomy,
      isPersistent: false,
    }),
    list: async () => kept,
    async remove(id) {
      kept = kept.filter((model) => model.id !== id)
    },
  }
}

/** A lender that has two readers as soon as it lends. */
export function createScriptedLender(): Lender {
  const listeners = new Set<(status: LendingStatus) => void>()
  let status: LendingStatus = { isLending: false, tabs: 0, isPaused: false, sentBytes: 0, receivedBytes: 0 }
  const show = (change: Partial<LendingStatus>) => {
    status = { ...status, ...change }
    listeners.forEach((listener) => listener(status))
  }
  return {
    status: () => status,
    watch(onStatus) {
      listeners.add(onStatus)
      onStatus(status)
      return () => listeners.delete(onStatus)
    },
    start: () => show({ isLending: true, tabs: 2, sentBytes: 48e6, receivedBytes: 98e6 }),
    stop: () => show({ isLending: false, tabs: 0 }),
  }
}
