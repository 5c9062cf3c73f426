import * as v from 'valibot'
import type { CatalogueEntry } from '../domain/model.ts'
import { StorageError } from '../errors/index.ts'
import { address as account, hexBytes } from '../protocol/fields.ts'
import type { LoadedCatalogue } from '../ports/model-store.ts'
import { fetchJson } from './fetch-json.ts'
import { parseManifest } from './manifest-schema.ts'
import { computeModelId } from './model-id.ts'

/** An http address, or one relative to the catalogue. */
const webAddress = v.pipe(
  v.string(),
  v.minLength(1),
  v.maxLength(2048),
  v.regex(/^(https?:\/\/|(?![a-z][a-z0-9+.-]*:))/i),
  v.check((text) => URL.canParse(text, 'https://page.example/'), 'an address that cannot be parsed'),
)

const catalogueSchema = v.strictObject({
  version: v.literal(1),
  models: v.pipe(
    v.array(
      v.strictObject({
        id: hexBytes(32),
        /** Where the manifest lies. */
        manifest: webAddress,
        /** Folders that serve the manifest's files, preferred first. */
        sources: v.pipe(v.array(webAddress), v.minLength(1), v.maxLength(16)),
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
 * Reads the models that a catalogue lists, and checks each manifest against its id. A model whose manifest cannot be
 * read, or is another one (`storage/hash-mismatch`, naming it), is left out and told.
 *
 * @throws StorageError `storage/source-failed`, `storage/malformed-manifest` when that is the catalogue itself
 */
export async function loadCatalogue(catalogueUrl: string): Promise<LoadedCatalogue> {
  const { models } = parseCatalogue(await fetchJson(catalogueUrl, 'The list of models'))
  const loaded: LoadedCatalogue = { entries: [], failures: [] }
  for (const result of await Promise.allSettled(models.map((listed) => loadEntry(listed, catalogueUrl)))) {
    if (result.status === 'fulfilled') loaded.entries.push(result.value)
    else loaded.failures.push(result.reason)
  }
  return loaded
}

async function loadEntry(listed: Catalogue['models'][number], catalogueUrl: string): Promise<CatalogueEntry> {
  const { id, description, publisher } = listed
  const address = new URL(listed.manifest, catalogueUrl).href
  const manifest = parseManifest(await fetchJson(address, 'A model description'))
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
