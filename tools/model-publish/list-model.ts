import { join, relative, sep } from 'node:path'
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

/** Lists a model in `catalogue.json` one folder up, in the place of what was listed from its folder before. */
export async function listModel({ id, folder, description, isSaid, sources }: ListedModel): Promise<void> {
  const catalogueFile = join(folder, '..', 'catalogue.json')
  const read = await readJson(catalogueFile)
  const catalogue: Catalogue = read === null ? { version: 1, models: [] } : parseCatalogue(read)
  const address = (path: string) => relative(join(folder, '..'), path).split(sep).join('/')
  const manifest = address(join(folder, 'manifest.json'))
  const earlier = catalogue.models.find((model) => model.manifest === manifest)
  const listed = {
    id,
    manifest,
    sources: sources ?? earlier?.sources ?? [`${address(folder)}/`],
    description: earlier && !isSaid ? earlier.description : description,
  }
  const models = earlier
    ? catalogue.models.map((model) => (model === earlier ? listed : model))
    : [...catalogue.models, listed]
  await writeJson(catalogueFile, { version: 1, models })
}
