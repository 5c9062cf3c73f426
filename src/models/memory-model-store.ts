import type { CatalogueEntry } from '../domain/model.ts'
import { StorageError } from '../errors/index.ts'
import type { ModelStore } from '../ports/model-store.ts'
import { makeManifest, type ModelFacts, type NamedBlob } from './make-manifest.ts'
import { MemoryPieceStore } from './memory-piece-store.ts'
import { PieceModelStore } from './piece-model-store.ts'
import type { PieceSource } from './piece-source.ts'

/** A model and its files, both in memory. */
export type PublishedModel = { entry: CatalogueEntry; files: NamedBlob[] }

const base = 'memory://models/'

/** Returns a catalogue entry whose files are served from memory. */
export async function publishInMemory(
  files: NamedBlob[],
  facts: ModelFacts,
  pieceBytes?: number,
): Promise<PublishedModel> {
  const { id, manifest } = await makeManifest(files, facts, pieceBytes)
  return { entry: { id, manifest, sources: [`${base}${id}/`], description: facts.name }, files }
}

/** Returns a model store without network or disk, for tests and simulation. Tabs of one `pieces` share a disk. */
export function createMemoryModelStore(
  models: PublishedModel[],
  pieces = new MemoryPieceStore(),
): ModelStore {
  return new PieceModelStore({
    pieces,
    fetchRange: createMemorySource(models),
    loadCatalogue: async () => models.map(({ entry }) => entry),
  })
}

function createMemorySource(models: PublishedModel[]): PieceSource {
  const files = new Map(
    models.flatMap(({ entry, files }) =>
      files.map(({ path, blob }) => [`${base}${entry.id}/${path}`, blob] as [string, Blob]),
    ),
  )
  return async function* (address, { start, end }) {
    const blob = files.get(address)
    if (!blob) throw new StorageError('storage/source-failed', `Nothing is at ${address}.`)
    yield new Uint8Array(await blob.slice(start, end).arrayBuffer())
  }
}
