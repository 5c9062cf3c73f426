import type { ModelFacts, ModelId, ModelManifest } from '../domain/model.ts'
import { BaseError, StorageError } from '../errors/index.ts'
import type { DocumentStore } from '../ports/document-store.ts'
import type { DescribeOptions, ManifestPeers, Manifests, NamedBlob } from '../ports/manifests.ts'
import { fetchManifest } from './fetch-manifest.ts'
import { makeManifest } from './make-manifest.ts'
import { parseManifest } from './manifest-schema.ts'
import { computeModelId } from './model-id.ts'

/** Where manifests are kept, and who else may have them. */
export type ManifestBookDeps = {
  documents: DocumentStore
  peers?: ManifestPeers
  /** Reads a manifest's JSON from a folder. */
  fetchFrom?: (folder: string, signal?: AbortSignal) => Promise<unknown>
}

const collection = 'manifests'
/** Most manifests that are kept: a publisher of thousands must not fill the disk. */
const mostKept = 256

/** Keeps manifests under their ids, and brings those that are missing. Nothing is believed that the id does not bind. */
export class ManifestBook implements Manifests {
  readonly #documents: DocumentStore
  readonly #peers: ManifestPeers | undefined
  readonly #fetchFrom: NonNullable<ManifestBookDeps['fetchFrom']>

  constructor({ documents, peers, fetchFrom = fetchManifest }: ManifestBookDeps) {
    this.#documents = documents
    this.#peers = peers
    this.#fetchFrom = fetchFrom
  }

  async kept(id: ModelId): Promise<ModelManifest | null> {
    const value = await this.#documents.get(collection, id)
    return value === undefined ? null : checkManifest(value, id).catch(() => null)
  }

  async bring(id: ModelId, folders: readonly string[], signal?: AbortSignal): Promise<ModelManifest> {
    const kept = await this.kept(id)
    if (kept) return kept
    let failure: unknown = new StorageError('storage/source-failed', 'Nobody has this model description now.')
    for await (const outcome of this.#candidates(id, folders, signal)) {
      signal?.throwIfAborted()
      if (outcome.manifest) {
        await this.#keep(id, outcome.manifest)
        return outcome.manifest
      }
      failure = outcome.failure
    }
    throw failure
  }

  async describe(
    files: NamedBlob[],
    facts: ModelFacts,
    options: DescribeOptions = {},
  ): Promise<{ id: ModelId; manifest: ModelManifest }> {
    const described = await makeManifest(files, facts, undefined, options)
    await this.#documents.put(collection, described.id, described.manifest)
    return described
  }

  async *#candidates(id: ModelId, folders: readonly string[], signal?: AbortSignal) {
    const check = (coming: Promise<unknown>): Promise<Outcome> =>
      coming
        .then((value) => checkManifest(value, id))
        .then(
          (manifest) => ({ manifest, failure: null }),
          (failure: unknown) => ({ manifest: null, failure }),
        )
    for (const folder of folders) yield await check(this.#fetchFrom(folder, signal))
    try {
      for await (const value of this.#peers?.ask(id, signal) ?? []) yield await check(Promise.resolve(value))
    } catch (failure) {
      if (!(failure instanceof BaseError)) throw failure
      yield { manifest: null, failure }
    }
  }

  async #keep(id: ModelId, manifest: ModelManifest): Promise<void> {
    if ((await this.#documents.keys(collection)).length >= mostKept) return
    await this.#documents.put(collection, id, manifest)
  }
}

type Outcome = { manifest: ModelManifest; failure: null } | { manifest: null; failure: unknown }

/** @throws StorageError `storage/malformed-manifest`, `storage/hash-mismatch` */
async function checkManifest(value: unknown, id: ModelId): Promise<ModelManifest> {
  const manifest = parseManifest(value)
  if ((await computeModelId(manifest)) === id) return manifest
  const message = `The description of ${manifest.name} does not match its id.`
  throw new StorageError('storage/hash-mismatch', message, { details: `expected ${id}` })
}
