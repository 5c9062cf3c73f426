import { stat } from 'node:fs/promises'
import { fileURLToPath } from 'node:url'
import { StorageError } from '../../src/errors/index.ts'
import { type Catalogue, parseCatalogue } from '../../src/models/catalogue.ts'
import { type Description, isRemote, readJsonAt } from './read-description.ts'
import type { Finding } from './report.ts'

/**
 * Compares a manifest's id with that under which a catalogue beside it, or one folder up, lists it. None has to.
 *
 * @throws StorageError `storage/hash-mismatch` naming both, `storage/malformed-manifest` for a damaged catalogue
 */
export async function compareListing({ address, id }: Description): Promise<Finding<null>> {
  for (const path of ['catalogue.json', '../catalogue.json']) {
    const catalogueAddress = new URL(path, address)
    const catalogue = await readCatalogue(catalogueAddress)
    const listed = catalogue?.models.find(
      ({ manifest }) => new URL(manifest, catalogueAddress).href === address.href,
    )
    if (!listed) continue
    if (listed.id === id) return { value: null, line: `${id}, as ${path} lists it` }
    throw new StorageError('storage/hash-mismatch', `The id is ${id}, and ${path} lists ${listed.id}.`)
  }
  return { value: null, line: `${id}, which no catalogue beside it lists` }
}

async function readCatalogue(address: URL): Promise<Catalogue | null> {
  if (isRemote(address)) {
    // Some servers answer with a page where there is no file.
    const read = await readJsonAt(address, 'The list of models').catch(() => null)
    return read === null ? null : parseCatalogue(read)
  }
  if (!(await stat(fileURLToPath(address)).catch(() => null))) return null
  return parseCatalogue(await readJsonAt(address, 'The list of models'))
}
