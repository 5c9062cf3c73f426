import * as v from 'valibot'
import type { CatalogueEntry } from '../domain/model.ts'
import { StorageError } from '../errors/index.ts'
import { hexBytes } from '../protocol/fields.ts'
import { parseManifest } from './manifest-schema.ts'
import { computeModelId } from './model-id.ts'

/** An http address, or one relative to the catalogue. */
const address = v.pipe(
  v.string(),
  v.minLength(1),
  v.maxLength(2048),
  v.regex(/^(https?:\/\/|(?![a-z][a-z0-9+.-]*:))/i),
)

/** The form of `catalogue.json`. */
export const catalogueSchema = v.strictObject({
  version: v.literal(1),
  models: v.pipe(
    v.array(
      v.strictObject({
        id: hexBytes(32),
        /** Where the manifest lies. */
        manifest: address,
        /** Folders that serve the manifest's files, preferred first. */
        sources: v.pipe(v.array(address), v.minLength(1), v.maxLength(16)),
        description: v.pipe(v.string(), v.minLength(1), v.maxLength(400)),
      }),
    ),
    v.maxLength(256),
  ),
})

export type Catalogue = v.InferOutput<typeof catalogueSchema>

/**
 * Reads the models that a catalogue lists, and checks each manifest against its id.
 *
 * @throws StorageError `storage/source-failed`, `storage/malformed-manifest`,
 * or `storage/hash-mismatch` naming the model
 */
export async function loadCatalogue(catalogueUrl: string): Promise<CatalogueEntry[]> {
  const parsed = v.safeParse(catalogueSchema, await fetchJson(catalogueUrl))
  if (!parsed.success) {
    throw new StorageError('storage/malformed-manifest', 'The list of models is malformed.', {
      details: v.getDotPath(parsed.issues[0]) ?? catalogueUrl,
    })
  }
  return Promise.all(parsed.output.models.map((listed) => loadEntry(listed, catalogueUrl)))
}

async function loadEntry(listed: Catalogue['models'][number], catalogueUrl: string): Promise<CatalogueEntry> {
  const { id, description } = listed
  const manifest = parseManifest(await fetchJson(new URL(listed.manifest, catalogueUrl).href))
  if ((await computeModelId(manifest)) !== id) {
    throw new StorageError(
      'storage/hash-mismatch',
      `The description of ${manifest.name} does not match its id.`,
      {
        details: `expected ${id}`,
      },
    )
  }
  return {
    id,
    manifest,
    sources: listed.sources.map((source) => folderUrl(source, catalogueUrl)),
    description,
  }
}

/** Relative addresses resolve against a folder only if it ends in a slash. */
function folderUrl(address: string, base: string): string {
  const { href } = new URL(address, base)
  return href.endsWith('/') ? href : `${href}/`
}

async function fetchJson(address: string): Promise<unknown> {
  try {
    const response = await fetch(address, { cache: 'no-cache' })
    if (!response.ok) throw new Error(`status ${response.status}`)
    return await response.json()
  } catch (cause) {
    throw new StorageError('storage/source-failed', 'The list of models could not be read.', {
      details: `${address}: ${String(cause)}`,
      cause,
    })
  }
}
