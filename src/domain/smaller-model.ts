import type { CatalogueEntry } from './model.ts'

/** Returns the bytes of all files of a model: what it downloads, and about what it takes in memory. */
export function modelBytes({ manifest }: Pick<CatalogueEntry, 'manifest'>): number {
  return manifest.files.reduce((sum, { bytes }) => sum + bytes, 0)
}

/** Returns the largest model that is smaller than one for which there was no memory; null when it is the smallest. */
export function nextSmallerModel(
  entries: readonly CatalogueEntry[],
  tooLarge: CatalogueEntry,
): CatalogueEntry | null {
  const smaller = entries.filter((entry) => modelBytes(entry) < modelBytes(tooLarge))
  return smaller.toSorted((a, b) => modelBytes(b) - modelBytes(a))[0] ?? null
}
