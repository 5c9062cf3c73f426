import { basename, join, resolve } from 'node:path'
import type { Address } from '../../src/domain/bytes.ts'
import type { ModelId } from '../../src/domain/model.ts'
import { type Catalogue, parseCatalogue } from '../../src/models/catalogue.ts'
import { readJson, writeJson } from './json-files.ts'

/** A model on its way into the catalogue. */
export type ListedModel = {
  id: ModelId
  folder: string
  description: string
  /** Whether somebody said the description; one that stands in the catalogue already is kept otherwise. */
  isSaid: boolean
  /** Addresses that serve the folder; by default the folder beside the catalogue. */
  sources: string[] | undefined
}

/**
 * Lists a model in `catalogue.json` one folder up, in the place of what was listed from its folder before. Its publisher
 * stays.
 */
export async function listModel({ id, folder, description, isSaid, sources }: ListedModel): Promise<void> {
  const { file, models } = await openCatalogue(folder)
  const manifest = addressIn(folder, 'manifest.json')
  const earlier = models.find((model) => model.manifest === manifest)
  const listed = {
    id,
    manifest,
    sources: sources ?? earlier?.sources ?? [addressIn(folder)],
    description: earlier && !isSaid ? earlier.description : description,
    ...(earlier?.publisher ? { publisher: earlier.publisher } : {}),
  }
  const others = models.map((model) => (model === earlier ? listed : model))
  await writeJson(file, { version: 1, models: earlier ? others : [...models, listed] })
}

/** Names in `catalogue.json` the account whose listing is paid a model's royalty. */
export async function namePublisher(folder: string, publisher: Address): Promise<void> {
  const { file, models } = await openCatalogue(folder)
  const manifest = addressIn(folder, 'manifest.json')
  const named = models.map((model) => (model.manifest === manifest ? { ...model, publisher } : model))
  await writeJson(file, { version: 1, models: named })
}

async function openCatalogue(folder: string): Promise<{ file: string; models: Catalogue['models'] }> {
  const file = join(folder, '..', 'catalogue.json')
  const read = await readJson(file)
  return { file, models: read === null ? [] : parseCatalogue(read).models }
}

/** Returns the address of a model's folder, or of a file in it, as the catalogue beside it says it. */
function addressIn(folder: string, path = ''): string {
  return `${basename(resolve(folder))}/${path}`
}
