import type { ModelFacts, ModelId, ModelManifest } from '../domain/model.ts'

/** A file and its path below the manifest's base address. */
export type NamedBlob = { path: string; blob: Blob }

/** How files are described. */
export type DescribeOptions = {
  signal?: AbortSignal
  /** Hears of bytes as they are hashed. */
  onBytes?: (bytes: number) => void
}

/** Models whose manifests matter. */
export type NeededManifests = {
  /** Models of which pieces are kept here. */
  held: ReadonlySet<ModelId>
  /** Models that publishers list now. */
  listed: ReadonlySet<ModelId>
}

/** Manifests that tabs have of models beyond the page's own catalogue. Errors are `StorageError`s. */
export interface Manifests {
  /** Returns a manifest that is kept here; null where there is none. */
  kept(id: ModelId): Promise<ModelManifest | null>
  /**
   * Brings a manifest from the folders that serve it, else from other tabs, checks it against its id, and keeps it.
   * @throws StorageError `storage/source-failed`, or `storage/hash-mismatch` when all that came was another one;
   * `storage/quota` when what is kept already matters more
   */
  bring(id: ModelId, folders: readonly string[], signal?: AbortSignal): Promise<ModelManifest>
  /** Says which manifests matter from now on: where there is no room for all, others go first, and held ones never. */
  retain(needed: NeededManifests): void
  /**
   * Describes files, and keeps the manifest.
   * @throws StorageError `storage/malformed-manifest` when a fact or a path is out of bounds
   */
  describe(
    files: NamedBlob[],
    facts: ModelFacts,
    options?: DescribeOptions,
  ): Promise<{ id: ModelId; manifest: ModelManifest }>
}

/** Other tabs as a source of manifests. What they give is unchecked. */
export interface ManifestPeers {
  ask(id: ModelId, signal?: AbortSignal): AsyncIterable<unknown>
}
