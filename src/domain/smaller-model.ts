import type { CatalogueEntry } from './model.ts'

/** Returns the bytes of all files of a model: what it downloads, and about what it takes in memory. */
export function modelBytes({ manifest }: Pick<CatalogueEntry, 'manifest'>): number {
  return manifest.files.reduce((sum, { bytes }) => sum + bytes, 0)
}

/** The rest is the system's, the browser's and its owner's. */
const usableShare = 0.5

/**
 * Returns the largest model that is smaller than one for which there was no memory, and that fits into a computer of
 * so much memory, where its browser says how much; null where there is none.
 */
export function nextSmallerModel(
  entries: readonly CatalogueEntry[],
  tooLarge: CatalogueEntry,
  memoryBytes: number | null,
): CatalogueEntry | null {
  const usableBytes = memoryBytes === null ? Infinity : memoryBytes * usableShare
  const smaller = entries.filter(
    (entry) => modelBytes(entry) < modelBytes(tooLarge) && modelBytes(entry) <= usableBytes,
  )
  return smaller.toSorted((a, b) => modelBytes(b) - modelBytes(a))[0] ?? null
}
