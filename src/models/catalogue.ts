import * as v from 'valibot'
import type { CatalogueEntry } from '../domain/model.ts'
import { StorageError } from '../errors/index.ts'
import { address as account, hexBytes } from '../protocol/fields.ts'
import { parseManifest } from './manifest-schema.ts'
import { computeModelId } from './model-id.ts'

/** An http address, or one relative to the catalogue. */
const address = v.pipe(
  v.string(),
  v.minLength(1),
  v.maxLength(2048),
  v.regex(/^(https?:\/\/|(?![a-z][a-z0-9+.-]*:))/i),
)

const catalogueSchema = v.strictObject({
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
        /** Account whose listing on the chain is paid the royalty. */
        publisher: v.optional(account),
      }),
    ),
    v.maxLength(256),
  ),
})

/** What `catalogue.json` holds. */
export type Catalogue = v.InferOutput<typeof catalogueSchema>

/** @throws StorageError `storage/malformed-manifest` saying where */
export function parseCatalogue(value: unknown): Catalogue {
  const parsed = v.safeParse(catalogueSchema, value, { abortEarly: true })
  if (parsed.success) return parsed.output
  const [issue] = parsed.issues
  throw new StorageError('storage/malformed-manifest', 'The list of models is malformed.', {
    details: `${v.getDotPath(issue) ?? 'catalogue'}: ${issue.message}`,
  })
}

/**
 * Reads the models that a catalogue lists, and checks each manifest against its id.
 *
 * @throws StorageError `storage/source-failed`, `storage/malformed-manifest`,
 * or `storage/hash-mismatch` naming the model
 */
export async function loadCatalogue(catalogueUrl: string): Promise<CatalogueEntry[]> {
  const { models } = parseCatalogue(await fetchJson(catalogueUrl))
  return Promise.all(models.map((listed) => loadEntry(listed, catalogueUrl)))
}

async function loadEntry(listed: Catalogue['models'][number], catalogueUrl: string): Promise<CatalogueEntry> {
  const { id, description, publisher } = listed
  const manifest = parseManifest(await fetchJson(new URL(listed.manifest, catalogueUrl).href))
  if ((await computeModelId(manifest)) !== id) {
    const message = `The description of ${manifest.name} does not match its id.`
    throw new StorageError('storage/hash-mismatch', message, { details: `expected ${id}` })
  }
  const sources = listed.sources.map((source) => folderUrl(source, catalogueUrl))
  return { id, manifest, sources, description, ...(publisher ? { publisher } : {}) }
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
