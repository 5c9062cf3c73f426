import type { CatalogueEntry, ModelId } from '../domain/model.ts'
import type { ModelPart, VerifiedModel } from './engine.ts'

/** The models of a page's own catalogue that could be read, and why others could not. */
export type LoadedCatalogue = { entries: CatalogueEntry[]; failures: unknown[] }

/** How much of a model is kept here. */
export type ModelStatus = { state: 'absent' | 'partial' | 'ready'; bytes: number; totalBytes: number }

/** Where bytes come from: the page's own site, another server, or other tabs. */
export type BytesFrom = { kind: 'site' } | { kind: 'mirror'; host: string } | { kind: 'tabs'; tabs: number }

/** How far a fetch has come, over all files of the model. */
export type FetchProgress = {
  stage: 'download' | 'verify'
  bytes: number
  totalBytes: number
  /** Null while nothing comes, or another tab of this browser brings it. */
  from: BytesFrom | null
}

/** How a model is to be fetched. */
export type FetchOptions = {
  signal?: AbortSignal
  onProgress?: (progress: FetchProgress) => void
  /** Called with each part of the model once it is kept and verified; the scales come before the weights. */
  onVerified?: (part: ModelPart) => void
}

/** Brings a model's bytes and keeps them, every byte verified. It never looks inside a file. */
export interface ModelStore {
  /** Models that the page offers, manifests checked against their ids. */
  catalogue(): Promise<CatalogueEntry[]>
  status(id: ModelId): Promise<ModelStatus>
  /**
   * Returns the verified files, downloaded first where they are missing. What is already right is kept.
   * @throws StorageError `storage/hash-mismatch` naming the file, `storage/quota`, `storage/source-failed`
   */
  fetch(entry: CatalogueEntry, options?: FetchOptions): Promise<VerifiedModel>
  /**
   * Returns a model that is kept with its beginning verified, and the rest when it is asked for `whole`. What is missing
   * is downloaded.
   * @throws StorageError as `fetch`, now or then
   */
  open(entry: CatalogueEntry, options?: FetchOptions): Promise<VerifiedModel>
  /**
   * Keeps a model whose files are at hand, in the manifest's order, as if they had been fetched.
   * @throws StorageError `storage/hash-mismatch` when a file is not what the manifest says, `storage/quota`
   */
  add(entry: CatalogueEntry, files: Blob[], options?: FetchOptions): Promise<void>
  /** Returns the first `bytes` bytes of the model, its files one after the other, whole pieces verified. */
  head(entry: CatalogueEntry, bytes: number, signal?: AbortSignal): Promise<Blob>
  remove(id: ModelId): Promise<void>
}
