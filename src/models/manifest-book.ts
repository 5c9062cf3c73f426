import type { ModelFacts, ModelId, ModelManifest } from '../domain/model.ts'
import { StorageError } from '../errors/index.ts'
import type { Clock } from '../ports/clock.ts'
import type { DocumentStore } from '../ports/document-store.ts'
import type {
  DescribeOptions,
  ManifestPeers,
  Manifests,
  NamedBlob,
  NeededManifests,
} from '../ports/manifests.ts'
import { encodeFrame } from '../protocol/frame-codec.ts'
import { fetchManifest } from './fetch-manifest.ts'
import { firstResult } from './first-result.ts'
import { makeManifest } from './make-manifest.ts'
import { chooseDropped } from './manifest-room.ts'
import { parseManifest } from './manifest-schema.ts'
import { computeModelId } from './model-id.ts'

/** Where manifests are kept, and who else may have them. */
export type ManifestBookDeps = {
  documents: DocumentStore
  clock: Clock
  peers?: ManifestPeers
  /** Reads a manifest's JSON from a folder. */
  fetchFrom?: (folder: string, signal?: AbortSignal) => Promise<unknown>
}

/** What came from others; it may have to make room. */
const brought = 'manifests'
/** What was described here stays. */
const described = 'described-manifests'

/** Folders that keep silent must hold up neither each other nor whoever waits for the next model. */
const patience = { eachMs: 1_500, allMs: 20_000 }

/** Keeps manifests under their ids, and brings those that are missing. Nothing is believed that the id does not bind. */
export class ManifestBook implements Manifests {
  readonly #documents: DocumentStore
  readonly #clock: Clock
  readonly #peers: ManifestPeers | undefined
  readonly #fetchFrom: NonNullable<ManifestBookDeps['fetchFrom']>
  /** Those whose ids were checked already. */
  readonly #checked = new Map<ModelId, ModelManifest>()
  /** Bytes of what came from others and is kept. */
  readonly #sizes = new Map<ModelId, number>()
  #needed: NeededManifests = { held: new Set(), listed: new Set() }
  #keeping: Promise<unknown> = Promise.resolve()

  constructor({ documents, clock, peers, fetchFrom = fetchManifest }: ManifestBookDeps) {
    this.#documents = documents
    this.#clock = clock
    this.#peers = peers
    this.#fetchFrom = fetchFrom
  }

  async kept(id: ModelId): Promise<ModelManifest | null> {
    const known = this.#checked.get(id)
    if (known) return known
    for (const collection of [brought, described]) {
      const value = await this.#documents.get(collection, id)
      const manifest = value === undefined ? null : await checkManifest(value, id).catch(() => null)
      if (manifest) return this.#remember(id, manifest)
    }
    return null
  }

  async bring(id: ModelId, folders: readonly string[], signal?: AbortSignal): Promise<ModelManifest> {
    const kept = await this.kept(id)
    if (kept) return kept
    const asks = folders.map((folder) => async (within: AbortSignal) => {
      return checkManifest(await this.#fetchFrom(folder, within), id)
    })
    const coming = firstResult(
      [...asks, (within) => this.#askTabs(id, within)],
      patience,
      this.#clock,
      signal,
    )
    const manifest = await coming.catch((error: unknown) => {
      throw error instanceof AggregateError ? tellingOf(error.errors) : error
    })
    await this.#keep(id, manifest)
    return manifest
  }

  retain(needed: NeededManifests): void {
    this.#needed = needed
  }

  async describe(
    files: NamedBlob[],
    facts: ModelFacts,
    options: DescribeOptions = {},
  ): Promise<{ id: ModelId; manifest: ModelManifest }> {
    const made = await makeManifest(files, facts, undefined, options)
    await this.#documents.put(described, made.id, made.manifest)
    this.#remember(made.id, made.manifest)
    return made
  }

  async #askTabs(id: ModelId, signal: AbortSignal): Promise<ModelManifest> {
    let failure: unknown = new StorageError('storage/source-failed', 'Nobody has this model description now.')
    for await (const value of this.#peers?.ask(id, signal) ?? []) {
      try {
        return await checkManifest(value, id)
      } catch (error) {
        failure = error
      }
    }
    throw failure
  }

  #remember(id: ModelId, manifest: ModelManifest): ModelManifest {
    this.#checked.set(id, manifest)
    return manifest
  }

  /** One after the other, so that each finds what the others have left of the room. */
  #keep(id: ModelId, manifest: ModelManifest): Promise<void> {
    const kept = this.#keeping.then(async () => {
      await this.#makeRoom(id, encodeFrame(manifest).byteLength)
      await this.#documents.put(brought, id, manifest)
      this.#remember(id, manifest)
    })
    this.#keeping = kept.catch(() => {})
    return kept
  }

  /** @throws StorageError `storage/quota` where everything else that is kept matters more */
  async #makeRoom(id: ModelId, bytes: number): Promise<void> {
    await this.#countKept()
    const dropped = chooseDropped(new Map(this.#sizes).set(id, bytes), this.#needed)
    if (dropped.includes(id)) {
      throw new StorageError('storage/quota', 'There is no room for another model description.')
    }
    for (const one of dropped) {
      await this.#documents.delete(brought, one)
      this.#forget(one)
    }
    this.#sizes.set(id, bytes)
  }

  /** Other tabs of this browser keep manifests, and drop them, too. */
  async #countKept(): Promise<void> {
    const ids = new Set((await this.#documents.keys(brought)) as ModelId[])
    for (const id of this.#sizes.keys()) if (!ids.has(id)) this.#forget(id)
    for (const id of ids) {
      if (this.#sizes.has(id)) continue
      const value = await this.#documents.get(brought, id)
      if (value !== undefined) this.#sizes.set(id, encodeFrame(value).byteLength)
    }
  }

  #forget(id: ModelId): void {
    this.#sizes.delete(id)
    this.#checked.delete(id)
  }
}

/** Returns the failure that tells most: that somebody lied, else what the last one said. */
function tellingOf(failures: readonly unknown[]): unknown {
  return failures.find(isLie) ?? failures.at(-1)
}

function isLie(failure: unknown): boolean {
  return failure instanceof StorageError && failure.code === 'storage/hash-mismatch'
}

/** @throws StorageError `storage/malformed-manifest`, `storage/hash-mismatch` */
async function checkManifest(value: unknown, id: ModelId): Promise<ModelManifest> {
  const manifest = parseManifest(value)
  if ((await computeModelId(manifest)) === id) return manifest
  const message = `The description of ${manifest.name} does not match its id.`
  throw new StorageError('storage/hash-mismatch', message, { details: `expected ${id}` })
}
